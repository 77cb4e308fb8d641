#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "base/bytes.h"
#include "net/http/exchange.h"

namespace http {

// A whole request of a plain endpoint (/health, /metrics), of any HTTP version.
struct PlainRequest {
  const Headers& head;
  base::ByteView body;
  const ConnectionInfo& connection;
};

struct PlainResponse {
  int status = 200;
  Headers fields;  // lower-case names, without ":status" and "content-length"
  base::Bytes body;
};

// The text that Go's http.Error sends: `text` and a newline, as text/plain.
PlainResponse TextResponse(int status, base::ByteView text);

// Answers one plain request, at once or after other work; dropped without an answer if the client
// has gone. On the loop of the request; copies share the one answer.
class Responder {
 public:
  class Target;

  explicit Responder(std::weak_ptr<Target> target) : target_(std::move(target)) {}
  // The first call counts.
  void Send(PlainResponse response);
  // False once the client has gone.
  bool is_awaited() const { return !target_.expired(); }

 private:
  std::weak_ptr<Target> target_;
};

// Plain endpoints by path: whole requests in, whole answers out.
class PlainService final : public Service {
 public:
  using Endpoint = std::function<void(const PlainRequest& request, Responder responder)>;

  // Larger requests are answered 413.
  explicit PlainService(size_t max_body_bytes) : max_body_bytes_(max_body_bytes) {}

  // A path that ends in '/' takes all paths below it that have no longer match.
  void Handle(const std::string& path, Endpoint endpoint) {
    endpoints_[path] = std::move(endpoint);
  }

  // Paths without an endpoint are answered as Go does, 404 "404 page not found\n".
  std::shared_ptr<ExchangeHandler> OnRequest(Exchange& exchange) override;

 private:
  const Endpoint* Find(base::ByteView path) const;

  const size_t max_body_bytes_;
  std::map<std::string, Endpoint, std::less<>> endpoints_;
};

}  // namespace http
