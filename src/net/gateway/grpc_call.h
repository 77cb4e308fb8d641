#pragma once

#include <memory>

#include "base/status.h"
#include "net/http/exchange.h"
#include "net/rpc/message.h"

namespace gateway {

// A gRPC call to a service of the same loop without a connection: the caller stands at the end of
// the exchange where the network would be. On the loop.
class GrpcCall final : public std::enable_shared_from_this<GrpcCall>, private http::Exchange {
 public:
  // Receives the answer, until Cancel.
  class Listener {
   public:
    // The view is valid during the call.
    virtual void OnMessage(base::ByteView message) = 0;
    // A part of a message has come; gathered_bytes() has changed.
    virtual void OnGathered() = 0;
    // The service has taken bytes that were sent to it.
    virtual void OnConsumed() = 0;
    // The last; not before the call that caused it has returned.
    virtual void OnFinished(const base::Status& status) = 0;

   protected:
    ~Listener() = default;
  };

  // `origin` is the exchange on whose behalf the call is made; it and `listener` live until Cancel
  // or OnFinished. `head` has the path and the metadata.
  GrpcCall(http::Exchange* origin, http::Headers head, Listener* listener);

  void Start(http::Service& service);
  void Send(base::ByteView message);
  void HalfClose();
  // Sent, and not taken by the service yet, which may make its client wait.
  size_t unread_bytes() const { return unread_; }
  // Of an answer's message that has not come as a whole.
  size_t gathered_bytes() const { return reader_.held_bytes(); }
  // The origin can take bytes again.
  void OnWritable();
  // The origin is about to end.
  void OnDrain();
  // Gives the call up. Not inside OnMessage.
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
  size_t unsent_bytes() const override { return origin_->unsent_bytes(); }
  // Messages come whole, and answers are gathered by the listener.
  void SetHeld(size_t) override {}
  void SetCost(Cost cost) override { origin_->SetCost(cost); }
  bool writable() override { return origin_->writable(); }
  bool Fits(size_t bytes) const override { return origin_->Fits(bytes); }

  void FinishLater(const base::Status& status);
  void Close(http::Closing::Kind kind);

  http::Exchange* const origin_;
  const http::Headers head_;
  Listener* const listener_;
  std::shared_ptr<http::ExchangeHandler> handler_;  // null before Start and after the end
  rpc::MessageReader reader_;
  size_t unread_ = 0;
};

}  // namespace gateway
