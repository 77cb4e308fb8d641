#include "discovery/upstream.h"

#include <utility>

namespace discovery {
namespace {

constexpr const char* kRegistry = "/v2/keys/_etcd/registry";

http::Client::Options ClientOptions(const config::Url& url,
                                    const std::shared_ptr<const http::TlsContext>& tls) {
  http::Client::Options options{.address = {url.host, url.port, url.unix_path}};
  if (url.secure()) options.tls = [tls] { return tls; };
  return options;
}

}  // namespace

Upstream::Upstream(runtime::Loop* loop, runtime::Network* network, Options options)
    : options_(std::move(options)) {
  for (const config::Url& url : options_.endpoints) {
    http::Client::Options of_requests = ClientOptions(url, options_.tls);
    of_requests.max_waiting_requests = kUnderWayMax;
    http::Client::Options of_waits = ClientOptions(url, options_.tls);
    of_waits.max_connections = kWaitsMax;
    of_waits.max_waiting_requests = 0;
    endpoints_.push_back({std::make_unique<http::Client>(loop, network, std::move(of_requests)),
                          std::make_unique<http::Client>(loop, network, std::move(of_waits))});
  }
}

Upstream::~Upstream() = default;

void Upstream::Ask(Request request, http::Client::FetchDone done) {
  AskOne(std::make_shared<Request>(std::move(request)), 1, std::move(done));
}

void Upstream::AskOne(std::shared_ptr<Request> request, size_t tried,
                      http::Client::FetchDone done) {
  Endpoint& endpoint = endpoints_[current_];
  http::Headers head{{":method", request->method}, {":path", kRegistry + request->path}};
  if (!request->body.empty()) head.Add("content-type", "application/x-www-form-urlencoded");
  http::Client& client = request->waits ? *endpoint.waits : *endpoint.client;
  client.Fetch(std::move(head), request->body, kAnswerBytesMax,
               request->waits ? options_.wait_timeout : options_.timeout,
               [this, request, tried,
                done = std::move(done)](base::Result<http::Client::Answer> answer) mutable {
                 const bool is_away =
                     !answer.ok() && answer.status().code() == base::Code::kUnavailable;
                 if (is_away) current_ = (current_ + 1) % endpoints_.size();
                 if (!is_away || request->method != "GET" || tried == endpoints_.size()) {
                   return done(std::move(answer));
                 }
                 AskOne(std::move(request), tried + 1, std::move(done));
               });
}

}  // namespace discovery
