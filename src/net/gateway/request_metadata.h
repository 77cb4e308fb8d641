#pragma once

#include "base/result.h"
#include "net/gateway/routes.h"
#include "net/http/headers.h"

namespace gateway {

// The head of the gRPC call that a request of the JSON interface becomes: the method's path, the
// timeout, the token, and as metadata what the client marks so ("Grpc-Metadata-..."). Fails with
// etcd's kInvalidArgument for a timeout or binary metadata that are none.
base::Result<http::Headers> GrpcHead(const Route& route, const http::Headers& head);

}  // namespace gateway
