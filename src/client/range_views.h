#pragma once

#include <etcd/client.h>

#include <functional>

#include "client/range_view.h"

namespace etcd {
inline namespace v1 {

// Client::GetStream for who takes millions of pairs: without a copy of what arrives.
class RangeViews {
 public:
  // The client outlives it.
  explicit RangeViews(Client* client) : client_(*client) {}

  // What a part is a view of is valid during the call. As Client::GetSink otherwise.
  using Sink = std::function<bool(client::RangeView part)>;
  Status Stream(const GetRequest& request, const CallOptions& options, Sink sink);

 private:
  Client& client_;
};

}  // namespace v1
}  // namespace etcd
