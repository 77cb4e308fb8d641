#pragma once

#include <deque>
#include <memory>
#include <optional>

#include "net/http/h1_parser.h"
#include "net/http/session.h"

namespace http {

// HTTP/1.1 on one connection, the server's end (RFC 9112): one exchange at a time, in order. A
// client that pipelines waits: its further requests stay unread until the answer is complete. An
// answer 101 makes a tunnel of the connection, until it ends.
class H1Session final : public Session, private Exchange, private H1Parser::Sink {
 public:
  H1Session(const Environment* environment, Carrier* carrier, Service* service);
  ~H1Session() override;

  base::Status OnInput(base::ByteView* bytes) override;
  void OnEndOfInput() override;
  void OnPeerLeft() override;
  void Produce() override;
  bool HasOutput() const override { return unsent_ > 0; }
  bool IsFinished() const override;
  void Drain() override;
  base::Status OnTick(runtime::TimePoint now) override;
  void OnConnectionLost(const base::Status& status) override;

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
  void SetHeld(size_t bytes) override;
  void SetCost(Cost cost) override;
  void CountTo(std::shared_ptr<SharedBudget> share) override {
    carrier_->account().CountTo(std::move(share));
  }
  size_t unsent_bytes() const override { return unsent_; }
  bool writable() override;
  bool Fits(size_t bytes) const override;

  // H1Parser::Sink
  void OnHead(const Headers& head) override;
  void OnBody(base::ByteView bytes) override;

  base::Status TakeInput(base::ByteView* bytes);
  base::Status Parse(base::ByteView* bytes);
  base::Status CheckPartial();
  // Ends a request that is kept as it comes, if there is no room for it.
  base::Status CheckBudget();
  // Tells the connection's account what is held.
  void Recount();
  // Answers a request that could not be read, and fails.
  base::Status Refuse(const base::Status& reason);
  void RefuseExpectation();
  void FinishRequest();
  void FinishExchange();
  // Asks for what OnInput has left, once it can be taken.
  void Resume();
  bool TakesInput() const;
  bool IsAmidRequest() const;
  void Queue(Chunk chunk);
  // Whether a producer may add to the answer: nothing of it waits, or the account is not full.
  bool HasRoom() const;
  void UnblockIfThereIsRoom();
  // Whether what the request still has to send ends the connection, once it is answered.
  bool LeavesTooMuch() const;
  // Of a body in chunks that is found while it comes.
  void PassOver(size_t bytes);
  // Tells the open exchange, once.
  void TellOfDrain();
  // Closes the connection if no request came in time. A failure ends it at once.
  base::Status EndDrain(runtime::TimePoint now);
  // Ends the body, if the framing asks for an end.
  void EndAnswer();

  const Environment& environment_;
  Carrier* const carrier_;
  Service* const service_;

  // The request.
  std::unique_ptr<H1Parser> parser_;
  base::Bytes partial_;      // input that the parser must see again
  bool left_input_ = false;  // by OnInput
  Headers head_;
  std::shared_ptr<ExchangeHandler> handler_;
  bool continued_ = false;    // it was told to send its body
  uint64_t passed_over_ = 0;  // of its body, since the answer ended
  bool request_ended_ = false;
  size_t unconsumed_ = 0;
  size_t held_ = 0;     // by the handler
  Cost cost_;           // what answering takes
  size_t charged_ = 0;  // to the connection's account

  // Its answer.
  enum class Framing : uint8_t { kNone, kLength, kChunked, kUntilClose };
  Framing framing_ = Framing::kNone;
  bool head_sent_ = false;
  bool answer_ended_ = false;
  std::deque<Chunk> queue_;  // of unsent_ bytes; none is empty
  size_t unsent_ = 0;
  bool blocked_ = false;

  bool tunnel_ = false;  // from the answer 101 on
  bool close_ = false;   // after this exchange
  bool aborted_ = false;
  bool peer_left_ = false;
  // From then on each answer says that it is the last; one that has begun before may be followed
  // by one more request.
  std::optional<runtime::TimePoint> draining_since_;
  bool drain_told_ = false;  // to the open exchange
  runtime::TimePoint idle_since_;
  std::optional<runtime::TimePoint> head_started_;
  runtime::TimePoint request_since_;  // once its head is whole
};

}  // namespace http
