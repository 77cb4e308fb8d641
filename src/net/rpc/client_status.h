#pragma once

#include "base/status.h"
#include "net/http/exchange.h"
#include "net/http/headers.h"

namespace rpc {

// The outcome that an answer without a gRPC status stands for
// (grpc's doc/http-grpc-status-mapping.md).
base::Status StatusOfHttp(int http_status);
// The outcome in "grpc-status" and "grpc-message"; kUnknown if there is none that makes sense.
base::Status StatusOfTrailers(const http::Headers& trailers);
// The outcome of a call whose exchange ended before its trailers came.
base::Status StatusOfClosing(const http::Closing& closing);

}  // namespace rpc
