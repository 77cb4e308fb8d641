#pragma once

#include <memory>

#include "net/gateway/routes.h"
#include "net/http/exchange.h"

namespace gateway {

// The JSON interface of one loop: POST requests whose bodies are messages in JSON become calls of
// its gRPC services. Answers are one object; those of streaming methods are lines of
// {"result":..}, and {"error":..} at the end of one that failed. What is no path of the interface
// goes to another service.
class Gateway final : public http::Service {
 public:
  struct Options {
    // Of one message in JSON.
    size_t max_message_bytes = 4 << 20;
  };
  // Both services outlive the gateway.
  Gateway(http::Service* grpc, http::Service* other, const Options& options)
      : grpc_(*grpc), other_(*other), options_(options) {}

  std::shared_ptr<http::ExchangeHandler> OnRequest(http::Exchange& exchange) override;

 private:
  friend class GatewayCall;

  http::Service& grpc_;
  http::Service& other_;
  const Options options_;
  const Routes routes_;
};

}  // namespace gateway
