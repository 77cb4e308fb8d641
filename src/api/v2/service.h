#pragma once

#include <memory>

#include "api/identity/passwords.h"
#include "api/v2/access.h"
#include "api/v2/accounts_api.h"
#include "api/v2/call.h"
#include "api/v2/keys.h"
#include "api/v2/members.h"
#include "api/v2/stats.h"
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
    identity::Passwords* passwords;
    bool by_certificate;  // as Access::Parts
    http::Service* next;
  };
  // All outlive this.
  explicit Service(const Parts& parts);

  std::shared_ptr<http::ExchangeHandler> OnRequest(http::Exchange& exchange) override;

 private:
  void Serve(const std::shared_ptr<Call>& call);
  void ServeMachines(const std::shared_ptr<Call>& call);
  // False for a path that there is not.
  bool ServeAccounts(const std::shared_ptr<Call>& call, base::ByteView path);

  const Parts parts_;
  Access access_;
  Keys keys_;
  Members members_;
  Stats stats_;
  AccountsApi accounts_;
};

}  // namespace v2
