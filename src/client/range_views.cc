#include "client/range_views.h"

#include <utility>

#include "client/client_impl.h"
#include "client/convert.h"

namespace etcd {
inline namespace v1 {

Status RangeViews::Stream(const GetRequest& request, const CallOptions& options, Sink sink) {
  Client::Impl& impl = *client_.impl_;
  return impl.Await<Status>([&](auto done) {
    impl.Stream<client::RangeView>(
        impl.NewRequest(client::kRangeStream, client::ToProto(request), options, kNoTimeout),
        options,
        [sink = std::move(sink)](client::RangeView&& part) { return sink(std::move(part)); },
        std::move(done));
  });
}

}  // namespace v1
}  // namespace etcd
