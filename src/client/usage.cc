#include <etcd/usage.h>

#include "client/client_impl.h"
#include "client/convert.h"

namespace etcd {
inline namespace v1 {
namespace {

using client::Method;
using client::Repeatable;

constexpr Method kUsage{"/usagepb.Usage/Usage", Repeatable::kYes};

}  // namespace

void Usage::Of(const UsageRequest& request, const CallOptions& options,
               Callback<UsageResponse> done) {
  Client::Impl& impl = *client_.impl_;
  impl.Unary<usagepb::UsageResponse>(impl.NewRequest(kUsage, client::ToProto(request), options),
                                     options, std::move(done));
}
Result<UsageResponse> Usage::Of(const UsageRequest& request, const CallOptions& options) {
  return client_.impl_->Await<Result<UsageResponse>>(
      [&](auto done) { Of(request, options, done); });
}

}  // namespace v1
}  // namespace etcd
