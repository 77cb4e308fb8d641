#pragma once

#include <deque>
#include <memory>
#include <optional>

#include "base/bytes.h"
#include "base/status.h"
#include "net/http/exchange.h"
#include "net/rpc/message.h"

namespace gateway {

// A gRPC call to a service of the same loop without a connection: the caller stands at the end of
// the exchange where the network would be. On the loop.
//
// Messages of an answer come whole if they are short, and otherwise in parts: in slices of the
// loop, and no faster than the origin takes what is made of them. What the service sends meanwhile
// waits here and counts against the origin's budget, as an answer that was not sent; a service that
// heeds `writable` has a piece of a message waiting, or the one message that it made room for.
class GrpcCall final : public std::enable_shared_from_this<GrpcCall>, private http::Exchange {
 public:
  // Receives the answer, until Cancel.
  class Listener {
   public:
    // A message of at most kWholeBytes. The view is valid during the call.
    virtual void OnMessage(base::ByteView message) = 0;
    // A longer one begins, and its next part has come.
    virtual void OnLongMessage(size_t bytes) = 0;
    virtual void OnPart(base::ByteView part) = 0;
    // The service has taken bytes that were sent to it.
    virtual void OnConsumed() = 0;
    // The last; not before the call that caused it has returned.
    virtual void OnFinished(const base::Status& status, const http::Headers& trailers) = 0;

   protected:
    ~Listener() = default;
  };

  static constexpr size_t kWholeBytes = 64 * 1024;

  // `origin` is the exchange on whose behalf the call is made; it and `listener` live until Cancel
  // or OnFinished. `head` has the path and the metadata.
  GrpcCall(http::Exchange* origin, http::Headers head, Listener* listener);

  void Start(http::Service& service);
  void Send(base::ByteView message);
  void HalfClose();
  // Sent, and not taken by the service yet, which may make its client wait.
  size_t unread_bytes() const { return unread_; }
  // The origin can take bytes again.
  void OnWritable();
  // The origin is about to end.
  void OnDrain();
  // Gives the call up. Not inside OnMessage and the like.
  void Cancel();

 private:
  // http::Exchange
  const http::Headers& received_head() const override { return head_; }
  http::Version version() const override { return http::Version::kHttp2; }
  const http::ConnectionInfo& connection() const override { return origin_->connection(); }
  runtime::Loop& loop() override { return origin_->loop(); }
  void SendHead(const http::Headers& head, Then then) override;
  void SendData(http::Chunk chunk, Then then) override;
  void SendTrailers(const http::Headers& trailers) override;
  void Reset(http::ErrorCode code) override;
  void Consume(size_t bytes) override;
  size_t unsent_bytes() const override { return queued_bytes_ + origin_->unsent_bytes(); }
  // Messages come whole.
  void SetHeld(size_t) override {}
  void SetCost(Cost cost) override;
  void CountTo(std::shared_ptr<http::SharedBudget> share) override {
    origin_->CountTo(std::move(share));
  }
  bool writable() override { return queue_.empty() && origin_->writable(); }
  bool Fits(size_t bytes) const override { return origin_->Fits(bytes); }

  // Hands on what is queued, as long as the origin takes it, for a slice of time.
  void Deliver();
  // Of the first chunk, to the end of a part or a message at most; how much that was.
  size_t DeliverPart(base::ByteView bytes);
  size_t BeginMessage(base::ByteView bytes);
  void EndMessage();
  void TellWritable();
  void CountCost();
  // The service has sent all it had.
  void End(const base::Status& status, const http::Headers& trailers = {});
  void FinishLater();
  void Close(http::Closing::Kind kind);

  http::Exchange* const origin_;
  const http::Headers head_;
  Listener* const listener_;
  std::shared_ptr<http::ExchangeHandler> handler_;  // null before Start and after the end
  size_t unread_ = 0;
  Cost cost_;  // of the service
  // The answer, as far as it was not handed on.
  std::deque<http::Chunk> queue_;
  size_t first_offset_ = 0;  // of queue_.front(), handed on already
  size_t queued_bytes_ = 0;  // of queue_
  bool posted_ = false;      // a slice that goes on
  std::optional<base::Status> end_;
  http::Headers trailers_;
  // The message that has begun.
  base::Bytes prefix_;  // as far as it has come
  bool is_long_ = false;
  base::Bytes message_;  // a short one, likewise
  size_t left_ = 0;      // of the message
};

}  // namespace gateway
