#pragma once

#include <memory>
#include <string>
#include <vector>

#include "net/http/exchange.h"
#include "net/peer/append_sequence.h"
#include "net/peer/peer_context.h"
#include "net/peer/stream_codec.h"

namespace peer {

// Hears what becomes of the streams from one peer; on the peer loop, not from within a call.
class StreamListener {
 public:
  // What has arrived in one turn, in order.
  virtual void OnMessages(std::vector<raft::Message> messages) = 0;
  // `takes_records`: the peer says with it that it takes snapshots as records.
  virtual void OnStreamUp(StreamKind kind, bool takes_records) = 0;
  // It broke, or could not be had. `action` is "dial" or "read".
  virtual void OnStreamDown(StreamKind kind, std::string_view action, const base::Status& why) = 0;
  // The peer says that this member was removed from the cluster.
  virtual void OnSaidRemoved() = 0;

 protected:
  ~StreamListener() = default;
};

// Messages of one kind from one peer: asks it for the stream, and again whenever that breaks, at
// most ten times a second and, while it fails, more and more slowly until kPauseMax. A stream on
// which nothing arrives for kReadTimeout is taken to be broken. Appends are delivered in the order
// of the log; those that came too early wait for kHoldMax at most. Of the peer loop.
class StreamReader {
 public:
  static constexpr runtime::Duration kReadTimeout = std::chrono::seconds(5);
  // Longer than what was sent at one time takes to arrive, and nothing beside a heartbeat.
  static constexpr runtime::Duration kHoldMax = std::chrono::milliseconds(5);
  static constexpr runtime::Duration kPauseMin = std::chrono::milliseconds(100);
  static constexpr runtime::Duration kPauseMax = std::chrono::milliseconds(800);

  // Begins. `listener` outlives this.
  StreamReader(PeerContext* context, StreamKind kind, StreamListener* listener);
  ~StreamReader();
  StreamReader(const StreamReader&) = delete;
  StreamReader& operator=(const StreamReader&) = delete;

  bool is_up() const { return is_up_; }
  // The peer lives: whoever waits for the next attempt makes it soon.
  void Hurry();

 private:
  class Receiving;
  // An answer that is no stream.
  struct Refusal {
    base::Bytes text;
    std::string cluster;  // of the peer, as it says
  };

  void Dial();
  void DialLater();
  // The answer's head has arrived. Whether it is the stream.
  bool OnAnswer(int status, bool takes_records);
  void OnRefused(int status, const Refusal& refusal);
  void TellRefused(const Refusal& refusal);
  base::Status OnBytes(base::ByteView bytes);
  void Deliver();
  void DeliverHeld();
  void OnClosed(const base::Status& why);

  PeerContext& context_;
  const StreamKind kind_;
  StreamListener& listener_;
  std::shared_ptr<Receiving> receiving_;  // null between two attempts
  const http::Client* client_ = nullptr;  // of the attempt
  std::unique_ptr<Decoder> decoder_;
  std::vector<raft::Message> arrived_;  // in this turn
  bool delivery_scheduled_ = false;
  AppendSequence appends_;  // of the stream of appends
  const std::unique_ptr<runtime::Timer> hold_timer_;
  bool is_up_ = false;
  std::string told_refusal_;  // the last one that the log tells of
  base::Status refused_;      // why there is no stream; OK if the peer has not said so
  runtime::Duration pause_ = kPauseMin;
  const std::unique_ptr<runtime::Timer> redial_timer_;
  // Expires with this, for a task that may run after it.
  const std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace peer
