#pragma once

#include <memory>
#include <string_view>

#include "net/http/client.h"
#include "net/peer/outbox.h"
#include "net/peer/peer_context.h"

namespace peer {

// Messages to one peer, each as a request of its own (POST /raft): for as long as there is no
// stream. At most kRequestsMax are under way; those that wait are bounded by kLimits. Each is sent
// once, and one that was not taken is reported as unreachable. Of the peer loop.
class Pipeline {
 public:
  static constexpr size_t kRequestsMax = 4;
  static constexpr Outbox::Limits kLimits{.messages_max = 64, .bytes_max = 64 << 20};

  // `on_said_removed`: the peer says that this member was removed from the cluster.
  Pipeline(PeerContext* context, base::Callback<void()> on_said_removed);
  Pipeline(const Pipeline&) = delete;
  Pipeline& operator=(const Pipeline&) = delete;

  // False, with `message` untouched, if there is no room.
  [[nodiscard]] bool Push(raft::Message&& message);

  size_t under_way() const { return under_way_; }
  size_t waiting() const { return outbox_.size(); }

 private:
  void SendWaiting();
  void SendNext(Endpoints::Endpoint& endpoint);
  // What is under way.
  struct Sent {
    const http::Client* client;
    size_t bytes;
    bool is_append;
    runtime::TimePoint start;
  };
  void OnAnswer(const Sent& sent, const base::Result<http::Client::Answer>& answer);
  // What the answer says of the message.
  base::Status Check(const http::Client::Answer& answer);

  PeerContext& context_;
  base::Callback<void()> on_said_removed_;
  Outbox outbox_{kLimits};
  size_t under_way_ = 0;
  const std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace peer
