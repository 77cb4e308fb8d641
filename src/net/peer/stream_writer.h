#pragma once

#include <memory>

#include "net/http/exchange.h"
#include "net/peer/outbox.h"
#include "net/peer/peer_context.h"
#include "net/peer/stream_codec.h"

namespace peer {

// Messages of one kind to one peer, by the stream that the peer has asked for: the endless answer
// to its GET. While there is no stream nothing is taken; what is taken waits in an Outbox, and
// beside it the bytes of one message, or kGatheredBytes of small ones, that the connection has no
// room for yet. Unless messages wait, a link heartbeat goes out every kHeartbeatInterval. Of the
// peer loop.
class StreamWriter {
 public:
  static constexpr size_t kGatheredBytes = 64 << 10;
  // Compat: a third of the five seconds after which a member of etcd takes a silent stream for
  // dead.
  static constexpr runtime::Duration kHeartbeatInterval = std::chrono::milliseconds(5000) / 3;

  StreamWriter(PeerContext* context, StreamKind kind);
  // Ends the stream.
  ~StreamWriter();
  StreamWriter(const StreamWriter&) = delete;
  StreamWriter& operator=(const StreamWriter&) = delete;

  // Answers with the stream from now on; the answer's head was sent. The stream before it ends, and
  // what waited for it is dropped and reported as unreachable.
  std::shared_ptr<http::ExchangeHandler> Attach(http::Exchange& exchange);
  bool attached() const { return sending_ != nullptr; }

  // Takes the message to be sent at the next Flush. False, with `message` untouched, if there is no
  // stream, or no room.
  [[nodiscard]] bool Push(raft::Message&& message);
  // Sends what the connection takes: all that was taken in a turn is one write.
  void Flush();

  uint64_t waiting_bytes() const { return outbox_.bytes() + encoded_.size() - sent_; }

 private:
  class Sending;

  // What is to be sent next, into encoded_.
  void Refill();
  // The connection has all of encoded_.
  void CountAppends();
  void OnHeartbeatTime();
  // The stream is no more.
  void OnLost(const base::Status& why);
  void Detach();

  PeerContext& context_;
  const StreamKind kind_;
  std::shared_ptr<Sending> sending_;  // null: there is no stream
  std::unique_ptr<Encoder> encoder_;  // of that stream
  Outbox outbox_;
  base::Bytes encoded_;
  size_t sent_ = 0;                   // of encoded_
  size_t appends_ = 0;                // in it
  runtime::TimePoint waited_since_;   // the first of what is in the outbox, or was
  runtime::TimePoint encoded_since_;  // the same of what is in encoded_
  const std::unique_ptr<runtime::Timer> heartbeat_timer_;
};

}  // namespace peer
