#pragma once

#include <memory>
#include <optional>

#include "net/gateway/gateway.h"
#include "net/gateway/grpc_call.h"
#include "net/gateway/json_parts.h"
#include "net/gateway/json_stream.h"

namespace gateway {

// One request of the JSON interface. An answer is told with its length if its message is short, and
// otherwise as it comes, so that nothing of it is kept; then an error that comes later can only cut
// it off.
class GatewayCall final : public http::ExchangeHandler, private GrpcCall::Listener {
 public:
  // `gateway` outlives this.
  GatewayCall(const Gateway* gateway, const Route* route, http::Headers grpc_head,
              http::Exchange* exchange);

  // Begins a call that streams its requests.
  void Start();

 private:
  // http::ExchangeHandler
  void OnData(base::ByteView bytes) override;
  void OnEnd(const http::Headers& trailers) override;
  void OnWritable() override { call_->OnWritable(); }
  void OnDrain() override { call_->OnDrain(); }
  void OnClosed(const http::Closing& closing) override;
  // GrpcCall::Listener
  void OnMessage(base::ByteView message) override;
  void OnLongMessage(size_t bytes) override;
  void OnPart(base::ByteView part) override;
  void OnConsumed() override { TakeInput(); }
  void OnFinished(const base::Status& status, const http::Headers& trailers) override;

  void SendWholeBody();
  void SendValues();
  // Lets the client send more, if the service has taken what came.
  void TakeInput();
  // Tells the exchange what is kept of request and answer.
  void CountHeld();
  // With the body's length if it is known.
  void SendAnswerHead(int status, std::optional<size_t> length = std::nullopt);
  void SendWhole(int status, base::Bytes json);
  // The end of a call.
  void AnswerError(const base::Status& status);
  // Instead of a call: also where answers are lines, an error alone.
  void AnswerUnasked(const base::Status& status);
  // In the middle of an answer.
  void GiveUp();

  const Gateway& gateway_;
  const Route& route_;
  http::Exchange* exchange_;  // null once closed
  const std::shared_ptr<GrpcCall> call_;
  base::Bytes body_;                // of a single request
  JsonStream values_;               // of several
  size_t held_ = 0;                 // bytes of these that keep the client waiting
  base::Bytes answer_;              // a single one, in JSON
  std::optional<JsonParts> parts_;  // of a long message that has begun
  std::string retry_after_;         // seconds, of a refusal that says when to come back
  base::Status broken_;             // an answer that could not be told
  bool head_sent_ = false;
  bool answered_ = false;
};

}  // namespace gateway
