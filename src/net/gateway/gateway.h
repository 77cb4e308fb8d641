#pragma once

#include <chrono>
#include <memory>

#include "net/gateway/routes.h"
#include "net/http/exchange.h"
#include "runtime/time.h"

namespace gateway {

// The JSON interface of one loop: POST requests whose bodies are messages in JSON become calls of
// its gRPC services. Answers are one object; those of streaming methods are lines of
// {"result":..}, and {"error":..} at the end of one that failed. The same over WebSockets, a
// message a line. What is no path of the interface goes to another service.
class Gateway final : public http::Service {
 public:
  struct Options {
    // Of one message in JSON.
    size_t max_message_bytes = 4 << 20;
    // A WebSocket that is silent for `keepalive_interval` is sent a ping, and closed if nothing
    // comes for another `keepalive_timeout`.
    runtime::Duration keepalive_interval = std::chrono::hours(2);
    runtime::Duration keepalive_timeout = std::chrono::seconds(20);
  };
  // Both services outlive the gateway.
  Gateway(http::Service* grpc, http::Service* other, const Options& options)
      : grpc_(*grpc), other_(*other), options_(options) {}

  std::shared_ptr<http::ExchangeHandler> OnRequest(http::Exchange& exchange) override;

 private:
  friend class GatewayCall;

  std::shared_ptr<http::ExchangeHandler> AnswerWebSocket(http::Exchange& exchange,
                                                         const Route* route);

  http::Service& grpc_;
  http::Service& other_;
  const Options options_;
  const Routes routes_;
};

}  // namespace gateway
