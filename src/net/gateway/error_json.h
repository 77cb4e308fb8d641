#pragma once

#include <string>

#include "base/status.h"

namespace gateway {

// google.rpc.Status in JSON, {"code":N,"message":".."}.
std::string ErrorJson(const base::Status& status);

// The HTTP status that stands for a gRPC code, as grpc-gateway has it.
int HttpStatusOf(base::Code code);

}  // namespace gateway
