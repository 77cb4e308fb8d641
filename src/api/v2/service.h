#pragma once

#include <memory>

#include "api/v2/call.h"
#include "api/v2/keys.h"
#include "api/v2/totals.h"
#include "net/http/exchange.h"
#include "server/frontend.h"
#include "server/server.h"

namespace v2 {

// The v2 API of one loop, at all paths below /v2. The rest is another service's.
class Service final : public http::Service {
 public:
  struct Parts {
    server::Server* server;
    server::Frontend* frontend;
    Totals* totals;
    http::Service* next;
  };
  // All outlive this.
  explicit Service(const Parts& parts);

  std::shared_ptr<http::ExchangeHandler> OnRequest(http::Exchange& exchange) override;

 private:
  void Serve(const std::shared_ptr<Call>& call);
  void ServeMachines(const std::shared_ptr<Call>& call);

  const Parts parts_;
  Keys keys_;
};

}  // namespace v2
