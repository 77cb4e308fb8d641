#pragma once

#include "api/v3/services.h"
#include "base/check.h"
#include "net/gateway/gateway.h"
#include "net/http/plain.h"
#include "net/http/server.h"
#include "net/rpc/server.h"
#include "state/auth/bcrypt.h"

namespace v3::testing {

// What serves a member on one of its loops: etcd's gRPC services and the JSON gateway, at one
// address. Of the process it needs a Loop and a Network, real or simulated.
//
// At the end: Close, then the server is destroyed, then this, then the loop.
class Front {
 public:
  struct Parts {
    server::Server* server;
    size_t origin = 0;  // which of the server's frontends is this loop's
    runtime::Network* network;
    runtime::Address address;
    identity::TokenProvider* tokens;
    bool by_certificate = false;  // clients may be known so
    http::Server::Options http = {};
  };
  explicit Front(const Parts& parts)
      : loop_(&parts.server->frontend(parts.origin).loop()),
        passwords_(
            {.bcrypt_cost = auth::kBcryptCostMin}, loop_,
            {parts.server->environment().bulk_workers, parts.server->environment().bulk_workers}),
        meters_(
            MemoryOf(parts), [server = parts.server] { return RulesOf(*server); },
            parts.server->environment().registry),
        services_(parts.server, &parts.server->frontend(parts.origin),
                  {parts.tokens, &passwords_, parts.by_certificate}, &meters_),
        gateway_(&table_, &plain_, {}),
        table_(loop_, &gateway_, LimitsOf(parts.server->options())),
        http_(std::make_unique<http::Server>(loop_, parts.network, &table_, parts.http)) {
    services_.AddTo(table_);
    CHECK(http_->Listen(parts.address, {}).ok());
  }

  // Ends every connection, as the death of the process does.
  void Close() {
    services_.Close();
    http_.reset();
  }

  // Has the member stop as the process does: what is under way may end.
  void Drain() {
    http_->Drain([] {});
  }

  const Context& context() const { return services_.context(); }
  // To which a test may add methods of its own.
  rpc::Server& table() { return table_; }

 private:
  static size_t MemoryOf(const Parts& parts) {
    const auto& budget = parts.http.member_budget;
    return budget == nullptr ? http::LoopBudget::Options().member_bytes : budget->max();
  }
  static std::shared_ptr<const admission::RuleSet> RulesOf(const server::Server& server) {
    return server.state()->admission_rules().Get();
  }
  static rpc::MessageLimits LimitsOf(const server::Options& options) {
    return {.max_receive_bytes = options.max_request_bytes + 512 * 1024};
  }

  runtime::Loop* const loop_;
  identity::Passwords passwords_;
  admission::Meters meters_;
  Services services_;
  http::PlainService plain_{1 << 20};
  gateway::Gateway gateway_;
  rpc::Server table_;
  std::unique_ptr<http::Server> http_;
};

}  // namespace v3::testing
