#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "net/http/abuse_guard.h"
#include "net/http/h2_input.h"
#include "net/http/h2_stream.h"
#include "net/http/ping_policy.h"
#include "net/http/session.h"
#include "net/http/stream_history.h"
#include "net/http/work_slice.h"

struct nghttp2_session;

namespace http {

// HTTP/2 on one connection, either end (RFC 9113), over nghttp2: nghttp2 knows frames, header
// compression and stream states; this class decides who gets what, how much may wait where, and
// when a peer has gone too far.
//
// Sending: exchanges queue chunks on their stream; Produce lets nghttp2 cut them into frames, as
// flow control allows, straight into the output. Receiving: nghttp2 calls back with views into
// the bytes that arrived; nothing is copied but header fields.
class H2Session final : public Session {
 public:
  enum class Role : uint8_t { kServer, kClient };

  // Server: `service` answers requests. Client: null. Both ends send their SETTINGS first.
  H2Session(Role role, const Environment* environment, Carrier* carrier, Service* service);
  ~H2Session() override;
  H2Session(const H2Session&) = delete;
  H2Session& operator=(const H2Session&) = delete;

  // Client: starts an exchange. Requires CanRequest().
  Exchange& Request(const Headers& head, Exchange::Then then,
                    std::shared_ptr<ExchangeHandler> handler);
  // Client: false once the server goes away or has all the streams open that it allows.
  bool CanRequest() const;
  // The peer sent GOAWAY, or this end drains: no further exchange will start.
  bool draining() const { return draining_ || goaway_received_; }
  bool settings_received() const { return settings_received_; }
  // Client: grows with whatever comes from the server.
  uint64_t inputs() const { return inputs_; }
  // Client: the server seems not to answer. It is pinged, once in kDoubtInterval at most, and the
  // connection ends if nothing comes for Keepalive::timeout then.
  void Doubt() { doubted_ = true; }
  // Since then nothing has come.
  bool doubted() const { return doubted_; }
  size_t open_streams() const { return streams_.size(); }

  base::Status OnInput(base::ByteView* bytes) override;
  void OnEndOfInput() override;
  void Produce() override;
  bool HasOutput() const override;
  bool IsFinished() const override;
  void Drain() override;
  base::Status OnTick(runtime::TimePoint now) override;
  void OnConnectionLost(const base::Status& status) override;

 private:
  friend class H2Stream;
  friend class H2Callbacks;

  bool IsServer() const { return role_ == Role::kServer; }
  void SubmitSettings();

  // What is looked at counts against the slice; nghttp2 stops when it is over.
  void Spend(size_t work);
  // Whether nghttp2 is to leave the rest of the input for later.
  bool StopsReading() const { return slice_over_ || input_waits_; }
  // Counts what has come of the header block that arrives; with each kilobyte, and at its end.
  void CountBlock(H2Stream* stream);
  static constexpr size_t kBlockBytesUncounted = 1024;
  // Server: looks at the frames that have come, before nghttp2 takes them.
  void CheckFrames();
  void CheckFrame(const FrameHeader& frame);

  // What H2Callbacks reports.
  void OnBeginHead(int32_t id);
  void OnHeadComplete(H2Stream& stream, bool ended);
  void OnRemoteEnd(H2Stream& stream);
  void OnData(H2Stream& stream, base::ByteView bytes);
  void OnSettings();
  void OnPing(bool acknowledges);
  // Of a stream that may be unknown by now: null.
  void OnResetReceived(const H2Stream* stream);
  void OnMessageFrameSent(int32_t id, size_t length, bool ended);
  void OnRequestNotSent(int32_t id);
  void OnGoAwaySent(uint32_t error_code);
  void OnDataTaken(H2Stream& stream, size_t bytes);
  void OnStreamClosed(H2Stream& stream, uint32_t error_code);
  // Ends the connection if there is a verdict.
  void Judge(AbuseGuard::Verdict verdict);
  // Server: counts a request that had to be refused, and ends the connection if there are too many.
  void Blame(Abuse mistake);
  // A malformed request, which is reset.
  void RefuseStream(H2Stream& stream);
  // The header block that arrives is longer than is read of any.
  void OnEndlessBlock();

  // What H2Stream asks for.
  void SendHead(H2Stream& stream, const Headers& head, Exchange::Then then);
  void OnQueued(H2Stream& stream);
  void ResetStream(H2Stream& stream, ErrorCode code);
  void Consume(H2Stream& stream, size_t bytes);

  // ---- The connection's account (budget.h), h2_session_budget.cc ----
  void Charge(H2Stream& stream, size_t bytes);
  void Discharge(H2Stream& stream, size_t bytes);
  void SetHeld(H2Stream& stream, size_t bytes);
  void SetCost(H2Stream& stream, Exchange::Cost cost);
  void CountTo(std::shared_ptr<SharedBudget> share) {
    carrier_->account().CountTo(std::move(share));
  }
  bool Fits(const H2Stream& stream, size_t bytes) const;
  // Whether the stream may queue a piece.
  bool HasRoomFor(const H2Stream& stream) const;
  // The stream is told OnWritable once there is room.
  void Starve(H2Stream& stream);
  // A request may begin.
  bool Admits() const;
  // Has the service answer the request, with what has come of it.
  void Admit(H2Stream& stream);
  void AdmitWaiting();
  void SetAwaitsAnswer(H2Stream& stream, bool awaits);
  // What is answered already will make room, whatever the peer does: so input can wait for it.
  bool MakesRoom() const;
  // Whether input waits for room.
  bool InputWaits() const;
  // About twice a second: input does not wait for what does not come.
  void CheckWaitingInput();
  // Ends what has no room, at once or if the room does not come.
  void EndOverBudget(H2Stream& stream);
  void EndIfOverBudget(H2Stream& stream);
  // Consumed bytes widen the stream's window again, now or once there is room.
  void CreditStream(H2Stream& stream, size_t bytes);
  void PayOwed(H2Stream& stream);
  // Ends the streams of messages that are not whole after the stall timeout, while what is held for
  // them is scarce.
  void EndSlowMessages(runtime::TimePoint now);
  // The message that may be finished although the account is full is whole, or will never be.
  void ReleaseFavoured(const H2Stream& stream);
  // After something was given back: lets those go on that waited for it.
  void UseRoom();

  // The peer has broken the protocol.
  void Refuse(ErrorCode code, base::ByteView reason);
  // Sends GOAWAY with a reason and stops listening to the peer.
  void Terminate(ErrorCode code, base::ByteView reason);
  void FinishDrain();
  void NotifyWritable();
  base::Status CheckKeepalive(runtime::TimePoint now);
  base::Status CheckStall(runtime::TimePoint now);
  H2Stream& NewStream(int32_t id);
  H2Stream* Find(int32_t id) const;
  void RefuseHead(H2Stream& stream);
  // Takes `bytes` off what waits on the connection.
  void Credit(size_t bytes);
  void Release(H2Stream& stream);

  const Role role_;
  const Environment& environment_;
  Carrier* const carrier_;
  Service* const service_;
  nghttp2_session* session_ = nullptr;
  WorkSlice slice_;
  bool slice_over_ = false;
  H2Input input_;
  AbuseGuard guard_;
  StreamHistory history_;
  PingPolicy ping_policy_;

  std::vector<std::unique_ptr<H2Stream>> streams_;
  std::vector<int32_t> unblocked_;     // streams whose handler is to be told OnWritable
  mutable H2Stream* found_ = nullptr;  // by the last Find: frames of a stream come in runs

  size_t unsent_ = 0;      // queued on all streams
  size_t unqueued_ = 0;    // answers that wait with their calls
  size_t unconsumed_ = 0;  // given to handlers and not yet consumed
  size_t withheld_ = 0;    // of it, not yet credited to the connection's window
  uint64_t data_bytes_sent_ = 0;
  uint64_t inputs_ = 0;
  size_t served_ = 0;           // streams with a handler
  size_t awaiting_answer_ = 0;  // streams with awaits_answer_
  std::deque<int32_t>
      waiting_;  // requests that wait for room; ids of closed ones may be among them
  std::deque<int32_t> owed_to_;    // streams with owed_
  std::deque<int32_t> starved_;    // streams that are not writable for want of room
  bool input_waits_ = false;       // for room
  int ticks_in_vain_ = 0;          // that it has waited without an answer having ended
  bool answers_ended_ = false;     // since the last tick
  bool windows_are_shut_ = false;  // something is queued that only the peer can let out
  int32_t favoured_ = 0;           // the stream whose message may be finished, or 0
  size_t paid_ = 0;                // of what was owed, and has not come yet
  size_t produce_limit_ = 0;       // output size at which Produce stops
  size_t block_bytes_ = 0;         // of the header block that arrives, so far
  size_t block_counted_ = 0;       // of them

  base::Status failure_;  // why the connection ends
  bool settings_received_ = false;
  bool goaway_received_ = false;
  bool goaway_sent_ = false;
  bool terminated_ = false;  // this end gave the connection up
  bool draining_ = false;
  bool drain_announced_ = false;  // the last stream that is served has been named
  int32_t last_served_ = 0;       // by then
  bool in_header_block_ = false;
  bool active_ = false;  // bytes came since the last tick
  bool doubted_ = false;
  bool ping_outstanding_ = false;

  // What ticks remember.
  uint32_t ticks_ = 0;
  const runtime::TimePoint opened_at_;
  runtime::TimePoint last_active_;
  runtime::TimePoint ping_sent_at_;
  runtime::TimePoint draining_since_;
  std::optional<runtime::TimePoint> header_block_since_;
  std::optional<runtime::TimePoint> stalled_since_;
  uint64_t sent_when_stalled_ = 0;
};

}  // namespace http
