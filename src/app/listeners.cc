#include "app/listeners.h"

#include <algorithm>

namespace app {
namespace {

runtime::Address AddressOf(const config::Url& url) {
  if (url.is_unix()) return {"", 0, url.unix_path};
  // As Go listens on it.
  return {url.host == "localhost" ? "127.0.0.1" : url.host, url.port, ""};
}

bool HasCertificate(const config::TlsConfig& tls) {
  return !tls.cert_file.empty() || tls.auto_tls;
}

ListenerPlan& PlanFor(const runtime::Address& address, Surface surface,
                      std::vector<ListenerPlan>& plans) {
  const auto found = std::find_if(plans.begin(), plans.end(), [&](const ListenerPlan& plan) {
    return plan.address == address && plan.surface == surface;
  });
  if (found != plans.end()) return *found;
  return plans.emplace_back(ListenerPlan{.address = address, .surface = surface});
}

// In etcd's words.
std::string WithoutFiles(Surface surface, const config::Url& url) {
  switch (surface) {
    case Surface::kMetrics:
      return "client TLS key/cert (--cert-file, --key-file) must be provided for metrics secure "
             "url";
    case Surface::kPeers:
      return "cannot listen on TLS for " + AddressOf(url).ToString() +
             ": KeyFile and CertFile are not presented";
    default:
      return "TLS key/cert (--cert-file, --key-file) must be provided for client url " +
             url.ToString() + " with HTTPS scheme";
  }
}

// Adds the listeners that the URLs of a surface ask for.
base::Status AddPlans(const std::vector<config::Url>& urls, Surface surface,
                      const config::TlsConfig& tls, std::vector<ListenerPlan>& plans) {
  for (const config::Url& url : urls) {
    if (url.secure() && !HasCertificate(tls)) {
      return {base::Code::kInvalidArgument, WithoutFiles(surface, url)};
    }
    ListenerPlan& plan = PlanFor(AddressOf(url), surface, plans);
    (url.secure() ? plan.tls : plan.plaintext) = true;
  }
  return {};
}

// One place cannot be for gRPC alone and for HTTP alone.
base::Status CheckApart(const std::vector<config::Url>& http_urls,
                        const std::vector<ListenerPlan>& plans) {
  for (const config::Url& url : http_urls) {
    for (const ListenerPlan& plan : plans) {
      if (plan.address != AddressOf(url)) continue;
      return {base::Code::kInvalidArgument,
              "cannot bind both --listen-client-urls and --listen-client-http-urls on the same "
              "url " +
                  url.ToString()};
    }
  }
  return {};
}

}  // namespace

base::Result<std::vector<ListenerPlan>> PlanListeners(const config::ServerConfig& config) {
  std::vector<ListenerPlan> plans;
  const auto add = [&](const std::vector<config::Url>& urls, Surface surface) {
    return AddPlans(urls, surface, config.client_tls, plans);
  };
  const bool separate = !config.listen.client_http_urls.empty();
  RETURN_IF_ERROR(add(config.listen.client_urls, separate ? Surface::kGrpc : Surface::kAll));
  RETURN_IF_ERROR(CheckApart(config.listen.client_http_urls, plans));
  RETURN_IF_ERROR(add(config.listen.client_http_urls, Surface::kHttp));
  RETURN_IF_ERROR(add(config.listen.metrics_urls, Surface::kMetrics));
  return plans;
}

base::Result<std::vector<ListenerPlan>> PlanPeerListeners(const config::ServerConfig& config) {
  std::vector<ListenerPlan> plans;
  RETURN_IF_ERROR(AddPlans(config.listen.peer_urls, Surface::kPeers, config.peer_tls, plans));
  return plans;
}

}  // namespace app
