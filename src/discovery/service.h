#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "discovery/client_rates.h"
#include "discovery/request_path.h"
#include "discovery/status_page.h"
#include "discovery/upstream.h"
#include "net/http/plain.h"
#include "observe/log.h"
#include "observe/metrics.h"

namespace discovery {

// The service by which members of clusters that are about to be founded find each other: makes
// tokens, and lets members read and write below them, in the etcd behind it (Upstream). What is
// asked of that etcd is within one token's directory, whoever asks. Paths: request_path.h, and
// /health, /metrics, /robots.txt. One loop.
class Service final : public http::Service {
 public:
  static constexpr size_t kRequestBytesMax = 16 * 1024;
  static constexpr size_t kClientsMax = 10'000;
  // Requests of one address that wait for a change, so that it leaves places to others.
  static constexpr size_t kWaitsOfOneMax = 50;

  struct Options {
    // What stands before a token in the answer to /new, without the slash: "https://host".
    std::string public_url;
    // A token and what is registered there are forgotten after that time; 0: never.
    std::chrono::seconds token_ttl;
    // Of one address, a minute; 0: no limit.
    uint64_t new_tokens_per_minute;
    uint64_t requests_per_minute;
  };
  struct Parts {
    runtime::Loop* loop;
    Upstream* upstream;
    observe::Registry* registry;
    const observe::Logger* logger;
  };
  // All that `parts` points to outlives this.
  Service(const Parts& parts, const Options& options);

  std::shared_ptr<http::ExchangeHandler> OnRequest(http::Exchange& exchange) override {
    return endpoints_.OnRequest(exchange);
  }

 private:
  // A request that is to be answered, counted and told in the log once.
  class Call;
  using CallPointer = std::shared_ptr<Call>;

  void New(const http::PlainRequest& request, CallPointer call);
  void Health(CallPointer call);
  void Forward(const http::PlainRequest& request, RequestPath path, CallPointer call);
  // Asks, and answers with what it is told. `waiter`: the address that waits with it, if one does.
  void Pass(Upstream::Request asked, CallPointer call, const std::string& waiter);
  // What is known of a token, if its etcd tells it; else the call is answered.
  using WithStatus = base::Callback<void(const TokenStatus& status)>;
  void LookUp(const std::string& token, const CallPointer& call, WithStatus then);
  void Status(const http::PlainRequest& request, CallPointer call);
  void Root(const http::PlainRequest& request, http::Responder responder);

  // Makes a token with that size; `done` with its name, or why not.
  void MakeToken(int64_t size, base::Callback<void(base::Result<std::string>)> done);
  // True if the client has asked too often, and was told so.
  bool IsTooOften(ClientRates& rates, const http::PlainRequest& request, const CallPointer& call);
  void Count(const std::string& endpoint, const std::string& method, int status);

  Upstream& upstream() { return *parts_.upstream; }

  const Parts parts_;
  const Options options_;
  ClientRates new_rates_{options_.new_tokens_per_minute, kClientsMax};
  ClientRates rates_{options_.requests_per_minute, kClientsMax};
  http::PlainService endpoints_{kRequestBytesMax};
  std::map<std::string, observe::Counter> counters_;
  std::map<std::string, size_t> waits_;  // by address
};

}  // namespace discovery
