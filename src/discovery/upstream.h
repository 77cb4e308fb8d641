#pragma once

#include <memory>
#include <string>
#include <vector>

#include "config/url.h"
#include "net/http/client.h"
#include "runtime/network.h"

namespace discovery {

// The etcd that keeps what the service is told, through its API v2. One loop.
//
// Bounded: kWaitsMax requests that wait for a change at a time, kUnderWayMax others; more are
// answered kResourceExhausted.
class Upstream {
 public:
  static constexpr size_t kWaitsMax = 1000;
  static constexpr size_t kUnderWayMax = 64;
  static constexpr size_t kAnswerBytesMax = 1 << 20;

  struct Options {
    // Of its members; asked in turn, from the one that answered last.
    std::vector<config::Url> endpoints;
    // For https; null if there is none.
    std::shared_ptr<const http::TlsContext> tls;
    runtime::Duration timeout = std::chrono::seconds(5);
    // Of a request that waits for a change.
    runtime::Duration wait_timeout = std::chrono::minutes(10);
  };
  Upstream(runtime::Loop* loop, runtime::Network* network, Options options);
  ~Upstream();
  Upstream(const Upstream&) = delete;
  Upstream& operator=(const Upstream&) = delete;

  struct Request {
    std::string method;
    std::string path;  // below the registry: "/TOKEN/MEMBER", with a query
    base::Bytes body;  // a form
    bool waits = false;
  };
  // `done` runs once, not before this returns. One that is not sure to have arrived is not sent
  // once more, but for GET.
  void Ask(Request request, http::Client::FetchDone done);

 private:
  struct Endpoint {
    std::unique_ptr<http::Client> client;
    std::unique_ptr<http::Client> waits;
  };

  void AskOne(std::shared_ptr<Request> request, size_t tried, http::Client::FetchDone done);

  const Options options_;
  std::vector<Endpoint> endpoints_;
  size_t current_ = 0;
};

}  // namespace discovery
