#include "net/peer/endpoints.h"

#include <algorithm>
#include <utility>

#include "config/url.h"

namespace peer {
namespace {

// Two streams, what Pipeline has under way, a snapshot and a probe, and as much again while
// connections change.
constexpr size_t kConnectionsMax = 16;
// Of questions: that are under way, and that wait for one of these.
constexpr size_t kQuestionsMax = 8;
constexpr size_t kWaitingQuestionsMax = 1024;

}  // namespace

Endpoints::Endpoints(const Environment* environment, std::vector<std::string> urls)
    : environment_(*environment) {
  Set(std::move(urls));
}

void Endpoints::Set(std::vector<std::string> urls) {
  urls_ = std::move(urls);
  current_ = 0;
  // Those that end tell their requests so, which may look for the current one.
  std::vector<std::unique_ptr<Endpoint>> before = std::exchange(usable_, {});
  for (const std::string& url : urls_) {
    const auto kept = std::find_if(before.begin(), before.end(), [&](const auto& endpoint) {
      return endpoint != nullptr && endpoint->url == url;
    });
    std::unique_ptr<Endpoint> endpoint = kept != before.end() ? std::move(*kept) : Open(url);
    if (endpoint != nullptr) usable_.push_back(std::move(endpoint));
  }
}

std::unique_ptr<Endpoints::Endpoint> Endpoints::Open(const std::string& url) const {
  const observe::Logger& logger = *environment_.server->logger;
  const auto parsed = config::ParseUrl(url);
  if (!parsed.ok()) {
    logger.Warn("cannot use the peer URL of a member",
                {{"remote-peer-url", url}, {"error", parsed.status().message()}});
    return nullptr;
  }
  if (parsed->secure() && environment_.tls == nullptr) {
    logger.Warn("cannot use the peer URL of a member",
                {{"remote-peer-url", url}, {"error", "this member has no TLS for its peers"}});
    return nullptr;
  }
  http::Client::Options options;
  options.address = {parsed->host, parsed->port, parsed->unix_path};
  options.authority = url.substr(url.find("//") + 2);
  if (parsed->secure()) options.tls = environment_.tls;
  options.max_connections = kConnectionsMax;
  auto endpoint = std::make_unique<Endpoint>();
  endpoint->url = url;
  endpoint->authority = options.authority;
  endpoint->client =
      std::make_unique<http::Client>(environment_.loop, environment_.network, options);
  options.max_connections = kQuestionsMax;
  options.max_idle_connections = kQuestionsMax;
  options.max_waiting_requests = kWaitingQuestionsMax;
  endpoint->questions =
      std::make_unique<http::Client>(environment_.loop, environment_.network, std::move(options));
  return endpoint;
}

void Endpoints::OnFailure(const http::Client* used) {
  if (usable_.empty() || usable_[current_]->client.get() != used) return;
  current_ = (current_ + 1) % usable_.size();
}

}  // namespace peer
