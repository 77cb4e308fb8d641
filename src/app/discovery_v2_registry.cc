#include <algorithm>
#include <future>
#include <optional>
#include <utility>

#include "app/client_tls.h"
#include "app/discovery.h"
#include "app/discovery_v2_answer.h"
#include "base/url_escape.h"
#include "config/url.h"
#include "net/http/client.h"
#include "runtime/asio/loop.h"
#include "runtime/asio/network.h"

// A discovery service of API v2, through plain HTTP requests.

namespace app {
namespace {

// Of one answer: a few keys of a few hundred bytes. More is no registry.
constexpr size_t kAnswerBytesMax = 4 << 20;

base::Status Failed(std::string_view why) {
  return {base::Code::kFailedPrecondition, "discovery: " + std::string(why)};
}

struct Place {
  config::Url server;
  std::string path;  // without the slash at its end
};

base::Result<Place> ParsePlace(std::string_view url) {
  const size_t scheme_end = url.find("://");
  if (scheme_end == std::string_view::npos) return Failed("invalid URL");
  const size_t authority = scheme_end + 3;
  const size_t path = std::min(url.find('/', authority), url.size());
  std::string server(url.substr(0, path));
  const std::string_view host = url.substr(authority, path - authority);
  const bool has_port =
      host.find(':', host.rfind(']') == host.npos ? 0 : host.rfind(']')) != host.npos;
  if (!has_port) server += url.starts_with("https") ? ":443" : ":80";
  auto parsed = config::ParseUrl(server);
  if (!parsed.ok() || parsed->is_unix()) return Failed("invalid URL");
  std::string_view rest = url.substr(path);
  while (rest.ends_with('/')) rest.remove_suffix(1);
  return Place{*std::move(parsed), std::string(rest)};
}

class V2Registry final : public Registry {
 public:
  V2Registry(Place place, std::shared_ptr<const http::TlsContext> tls, runtime::Duration timeout)
      : place_(std::move(place)),
        tls_(std::move(tls)),
        timeout_(timeout),
        thread_("discovery"),
        network_(&thread_.loop()) {}

  base::Result<std::vector<RegistryEntry>> Get(const std::string& key) override {
    ASSIGN_OR_RETURN(std::optional<V2Node> node, Node(key));
    std::vector<RegistryEntry> found;
    if (node.has_value()) found.push_back(std::move(node->self));
    return found;
  }
  base::Result<std::vector<RegistryEntry>> GetPrefix(const std::string& prefix) override {
    ASSIGN_OR_RETURN(std::optional<V2Node> node, Node(prefix));
    std::vector<RegistryEntry> found;
    if (node.has_value()) found = std::move(node->below);
    return found;
  }
  base::Status Put(const std::string& key, const std::string& value) override {
    ASSIGN_OR_RETURN(
        const http::Client::Answer answer,
        Ask("PUT", place_.path + key + "?prevExist=false", "value=" + base::FormEscape(value)));
    return ParseV2Put(answer.status, answer.body);
  }

 private:
  base::Result<std::optional<V2Node>> Node(const std::string& key) {
    ASSIGN_OR_RETURN(
        const http::Client::Answer answer,
        Ask("GET", place_.path + key + "?quorum=false&recursive=false&sorted=false", ""));
    return ParseV2Node(answer.status, answer.body, key);
  }

  base::Result<http::Client::Answer> Ask(std::string method, std::string path, base::Bytes body) {
    std::unique_ptr<http::Client> client;
    auto answer = std::make_shared<std::promise<base::Result<http::Client::Answer>>>();
    thread_.RunAndWait([&] {
      http::Client::Options options{.address = {place_.server.host, place_.server.port, ""}};
      if (tls_ != nullptr) options.tls = [this] { return tls_; };
      client = std::make_unique<http::Client>(&thread_.loop(), &network_, std::move(options));
      http::Headers head{{":method", std::move(method)}, {":path", std::move(path)}};
      if (!body.empty()) head.Add("content-type", "application/x-www-form-urlencoded");
      client->Fetch(
          std::move(head), std::move(body), kAnswerBytesMax, timeout_,
          [answer](base::Result<http::Client::Answer> got) { answer->set_value(std::move(got)); });
    });
    base::Result<http::Client::Answer> got = answer->get_future().get();
    thread_.RunAndWait([&] { client.reset(); });
    if (!got.ok())
      return base::Status(base::Code::kUnavailable, std::string(got.status().message()));
    return got;
  }

  const Place place_;
  const std::shared_ptr<const http::TlsContext> tls_;
  const runtime::Duration timeout_;
  runtime::asio::LoopThread thread_;
  runtime::asio::Network network_;
};

}  // namespace

base::Result<std::unique_ptr<Registry>> OpenV2Registry(const config::DiscoveryConfig& config,
                                                       runtime::Disk& disk) {
  ASSIGN_OR_RETURN(Place place, ParsePlace(config.url));
  std::shared_ptr<const http::TlsContext> tls;
  if (place.server.secure()) {
    ASSIGN_OR_RETURN(tls, OpenClientTls(disk, {.authorities = config.cacert,
                                               .certificate = config.cert,
                                               .key = config.key,
                                               .skip_verify = config.insecure_skip_tls_verify}));
  }
  return std::unique_ptr<Registry>(
      std::make_unique<V2Registry>(std::move(place), std::move(tls), config.request_timeout));
}

}  // namespace app
