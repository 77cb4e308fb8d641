#include "api/v3/usage_service.h"

#include "api/v3/usage_call.h"

namespace v3 {

void UsageService::AddTo(rpc::Server& table) {
  context_.AddStreaming(table, "usagepb.Usage", "Usage", rpc::Kind::kUnary, [this](Call call) {
    return std::make_shared<UsageCall>(&context_, long_reads_, std::move(call));
  });
}

}  // namespace v3
