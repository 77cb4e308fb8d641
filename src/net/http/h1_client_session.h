#pragma once

#include <deque>
#include <memory>
#include <optional>

#include "net/http/h1_response_parser.h"
#include "net/http/session.h"

namespace http {

// HTTP/1.1 on one connection, the client's end (RFC 9112): one exchange at a time. Interim answers
// (1xx) are passed over. Belongs to its connection, on its loop.
//
// What is held is bounded: the answer's head by limits.max_http1_header_size, and so is what frames
// its body; bytes that the handler has not consumed by limits.stream_window and what one event of
// the stream brought, beyond which nothing is read; the request by its producer, which stops while
// the exchange is not writable (limits.stream_send_buffer).
//
// An answer that is whole before the request was sent whole, as to a refused upload, is delivered;
// what is left of the request is dropped and the connection closed.
class H1ClientSession final : public Session, private Exchange, private H1ResponseParser::Sink {
 public:
  H1ClientSession(const Environment* environment, Carrier* carrier);
  ~H1ClientSession() override;

  // When a server that says nothing is given up, with the whole connection: OnClosed tells
  // kConnectionLost with kDeadlineExceeded. Looked at about twice a second, so up to a second late.
  // Default: never.
  struct Timeouts {
    // No byte arrived for so long, once the request is on its way as a whole or the answer has
    // begun. Does not run while the handler has as much unconsumed as is read at most.
    runtime::Duration read = runtime::Duration::max();
    // The socket took nothing of what there was to send for so long.
    runtime::Duration write = runtime::Duration::max();
  };

  // Begins an exchange; none of its events comes before this returns. Requires CanRequest().
  //
  // `head` has ":method", ":path" and ":authority" first, and can be sent (IsRequestHead). A
  // body has the length that "content-length" names, and goes out in chunks if it names none; a
  // body of another length than named gives the exchange up (kReset, kInternalError). With
  // "connection: close" the connection ends with the exchange.
  Exchange& Request(const Headers& head, Exchange::Then then,
                    std::shared_ptr<ExchangeHandler> handler, const Timeouts& timeouts);
  // Whether no exchange is open and the connection goes on. Carrier::OnReady tells when this turns
  // true after an exchange.
  bool CanRequest() const;
  // A byte of the answer to the open exchange has arrived: the server has seen the request.
  bool answer_begun() const { return answer_begun_; }

  base::Status OnInput(base::ByteView* bytes) override;
  void OnEndOfInput() override;
  void Produce() override;
  bool HasOutput() const override { return unsent_ > 0; }
  bool IsFinished() const override;
  void Drain() override;
  base::Status OnTick(runtime::TimePoint now) override;
  void OnConnectionLost(const base::Status& status) override;

  // The socket takes nothing more. Whether the connection goes on nevertheless, because an answer
  // may have arrived that says why.
  bool OutlivesWriteFailure();

 private:
  // Exchange
  const Headers& received_head() const override { return head_; }
  Version version() const override { return Version::kHttp1; }
  const ConnectionInfo& connection() const override { return carrier_->info(); }
  runtime::Loop& loop() override { return *environment_.loop; }
  void SendHead(const Headers& head, Then then) override;
  void SendData(Chunk chunk, Then then) override;
  void SendTrailers(const Headers& trailers) override;
  void Reset(ErrorCode code) override;
  void Consume(size_t bytes) override;
  // A client's memory is bounded by what it asks for; it has no budget to count this against.
  void SetHeld(size_t) override {}
  void SetCost(Cost) override {}
  void CountTo(std::shared_ptr<SharedBudget>) override {}
  size_t unsent_bytes() const override { return unsent_; }
  bool writable() override { return !blocked_; }
  bool Fits(size_t) const override { return true; }

  // H1ResponseParser::Sink
  void OnHead(const Headers& head) override;
  void OnBody(base::ByteView bytes) override;

  bool TakesInput() const;
  void Parse(base::ByteView* bytes);
  // The parser is done; whether more has arrived behind the answer.
  void FinishAnswer(bool more_follows);
  void FinishExchange();
  void NewParser();
  void Queue(Chunk chunk);
  void EndRequest();
  // Nothing more of the request goes out.
  void DropUnsent();
  // Ends the exchange, and the connection with it.
  void Fail(base::Status why);
  base::Status CheckSilence(runtime::TimePoint now);
  base::Status CheckWriting(runtime::TimePoint now);

  const Environment& environment_;
  Carrier* const carrier_;

  // The exchange; without a handler there is none.
  std::shared_ptr<ExchangeHandler> handler_;
  bool is_first_ = true;  // of the connection
  Timeouts timeouts_;

  // Its request.
  enum class Framing : uint8_t { kNone, kLength, kChunked };
  Framing framing_ = Framing::kNone;
  bool to_head_ = false;         // the method is HEAD
  uint64_t announced_left_ = 0;  // kLength: of the body, not yet given to SendData
  bool request_ended_ = false;   // nothing more is given to SendData
  std::deque<Chunk> queue_;      // of unsent_ bytes; none is empty
  size_t unsent_ = 0;
  bool blocked_ = false;
  bool drops_ = false;  // what is still queued

  // Its answer.
  std::unique_ptr<H1ResponseParser> parser_;
  base::Bytes partial_;  // input that the parser must see again
  Headers head_;         // empty until it has arrived
  int interim_answers_ = 0;
  bool answer_begun_ = false;
  size_t unconsumed_ = 0;
  bool left_input_ = false;  // with the carrier, for want of consumption

  bool close_ = false;  // after this exchange
  std::optional<ErrorCode> reset_;
  base::Status failure_;  // why the connection ends; OK while it does not

  // What ticks remember. Since when the server has owed bytes and sent none.
  std::optional<runtime::TimePoint> silent_since_;
  // Since when the socket has taken none of the output, and how much it had taken before.
  std::optional<runtime::TimePoint> stuck_since_;
  uint64_t flushed_when_stuck_ = 0;
};

}  // namespace http
