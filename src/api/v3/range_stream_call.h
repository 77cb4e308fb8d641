#pragma once

#include <memory>

#include "api/v3/service.h"
#include "net/rpc/method.h"

namespace v3 {

// KV.RangeStream: the chunks of a range, as fast as the client takes them.
std::unique_ptr<rpc::CallHandler> NewRangeStreamCall(const Context& context,
                                                     std::shared_ptr<rpc::ServerCall> call);

}  // namespace v3
