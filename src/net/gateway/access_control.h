#pragma once

#include <functional>
#include <memory>
#include <set>
#include <string>

#include "net/http/exchange.h"

namespace gateway {

// Who may use the HTTP endpoints of a port: requests without TLS must name a host that is allowed
// (against DNS rebinding, CVE-2018-5702), and answers tell browsers which origins may read them.
// Paths that are not clean are redirected. The rest is another service's.
class AccessControl final : public http::Service {
 public:
  struct Options {
    // "*" allows all; so does an empty set.
    std::set<std::string> origins = {"*"};
    std::set<std::string> hosts = {"*"};
    // Whether a client of the JSON interface is refused whose certificate has a common name:
    // elsewhere that says who he is, and there it would not.
    std::function<bool()> refuses_names = [] { return false; };
  };
  // `next` outlives this.
  AccessControl(http::Service* next, Options options)
      : next_(*next), options_(std::move(options)) {}

  std::shared_ptr<http::ExchangeHandler> OnRequest(http::Exchange& exchange) override;

 private:
  class Guarded;

  // The allowed origin to name; empty if the request's is not.
  std::string OriginFor(const http::Headers& head) const;

  http::Service& next_;
  const Options options_;
};

}  // namespace gateway
