#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "net/http/exchange.h"
#include "net/http/h2_request_check.h"
#include "net/http/output_buffer.h"

namespace http {

class H2Session;

// One HTTP/2 stream: an Exchange on an H2Session. Sessions take streams from a pool and give
// them back with their buffers, so that a request costs no allocation here.
class H2Stream final : public Exchange {
 public:
  // A fresh stream of `session`.
  void Open(H2Session* session, int32_t id);
  // Of the peer.
  const Headers& received_trailers() const;
  // Drops all that belongs to the last exchange. Buffers keep a usual request's capacity.
  void Recycle();

  const Headers& received_head() const override { return received_head_; }
  Version version() const override { return Version::kHttp2; }
  const ConnectionInfo& connection() const override;
  runtime::Loop& loop() override;
  void SendHead(const Headers& head, Then then) override;
  void SendData(Chunk chunk, Then then) override;
  void SendTrailers(const Headers& trailers) override;
  void Reset(ErrorCode code) override;
  void Consume(size_t bytes) override;
  void SetHeld(size_t bytes) override;
  void SetCost(Cost cost) override;
  void CountTo(std::shared_ptr<SharedBudget> share) override;
  size_t unsent_bytes() const override { return unsent_; }
  bool writable() override;
  bool Fits(size_t bytes) const override;

  int32_t id() const { return id_; }

 private:
  friend class H2Session;
  friend class H2Callbacks;

  // Moves `count` queued bytes to `output`. Returns the size of the chunks that are no longer held.
  size_t TakeQueued(size_t count, OutputBuffer& output);
  // Nothing follows on this side.
  void EndQueue();
  // Hands what is queued to `output`, which may refer to it, and forgets it.
  void DropQueued(OutputBuffer& output);

  H2Session* session_ = nullptr;
  std::shared_ptr<ExchangeHandler> handler_;
  int32_t id_ = 0;
  uint32_t position_ = 0;  // in the session's list of streams

  bool head_received_ : 1 = false;
  bool head_too_large_ : 1 = false;
  bool remote_ended_ : 1 = false;
  bool head_sent_ : 1 = false;
  bool local_end_queued_ : 1 = false;  // nothing more may be queued
  bool local_ended_ : 1 = false;       // END_STREAM has gone out
  bool has_trailers_ : 1 = false;
  bool deferred_ : 1 = false;  // nghttp2 waits for nghttp2_session_resume_data
  bool blocked_ : 1 = false;
  bool starved_ : 1 = false;  // in the session's list of those that wait for room in the account
  bool reset_ : 1 = false;
  bool waiting_ : 1 = false;        // for room in the account, before the service sees the request
  bool awaits_answer_ : 1 = false;  // of the peer all has come, and of the answer not all is queued

  H2RequestCheck check_;  // of a server
  Headers received_head_;
  std::unique_ptr<Headers> received_trailers_;  // once there are some, and from then on
  std::unique_ptr<Headers> trailers_;           // the same

  std::vector<Chunk> queue_;
  uint32_t queue_first_ = 0;
  uint32_t opened_tick_ = 0;
  uint32_t first_offset_ = 0;  // of queue_[queue_first_], already taken
  size_t unsent_ = 0;
  size_t unconsumed_ = 0;

  size_t charged_ = 0;                         // to the connection's account, for all of this
  size_t held_ = 0;                            // of it, by the handler
  runtime::TimePoint held_since_;              // without a moment of nothing
  Cost cost_;                                  // of it, what answering takes
  size_t owed_ = 0;                            // consumed, and not yet credited to the window
  std::unique_ptr<base::Bytes> waiting_data_;  // of the request, while it waits
};

// Streams not in use, of one loop.
class StreamPool {
 public:
  std::unique_ptr<H2Stream> Take();
  void Give(std::unique_ptr<H2Stream> stream);

 private:
  static constexpr size_t kMaxKept = 4096;
  std::vector<std::unique_ptr<H2Stream>> free_;
};

}  // namespace http
