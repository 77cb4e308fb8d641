#include "ctl_v2/connection.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "base/go_text.h"
#include "client/srv_endpoints.h"
#include "client_v2/members.h"
#include "client_v2/tls_files.h"
#include "ctl/password.h"

namespace ctl_v2 {
namespace {

using client_v2::Endpoint;
using client_v2::kNoEndpoints;
using client_v2::ListMembers;
using client_v2::Member;
using client_v2::ParseEndpoint;

using Type = cli::FlagSpec::Type;

constexpr const char* kDefaultEndpoints = "http://127.0.0.1:2379,http://127.0.0.1:4001";

std::string Variable(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? "" : value;
}

// What the flag says, or else the variable.
std::string FlagOr(const cli::Flags& flags, const char* flag, const char* variable) {
  const std::string& value = flags.GetString(flag);
  return value.empty() ? Variable(variable) : value;
}

struct Domain {
  std::string name;  // empty: there is none
  bool allows_plain = false;
};

Domain DomainOf(const cli::Flags& flags) {
  return {FlagOr(flags, "discovery-srv", "ETCDCTL_DISCOVERY_SRV"),
          flags.GetBool("insecure-discovery") || !Variable("ETCDCTL_INSECURE_DISCOVERY").empty()};
}

base::Result<std::vector<std::string>> FindUrls(const Call& call) {
  std::vector<std::string> urls;
  const Domain domain = DomainOf(call.globals);
  if (!domain.name.empty()) {
    ASSIGN_OR_RETURN(const std::vector<std::string> found,
                     client::SrvEndpoints(domain.name, Variable("ETCDCTL_DISCOVERY_SRV_NAME")));
    for (const std::string& url : found) {
      if (domain.allows_plain || !url.starts_with("http://")) {
        urls.push_back(url);
        continue;
      }
      cli::Print(call.own.err, "ignoring discovered insecure endpoint " + base::Quote(url) + "\n");
    }
  }
  if (!urls.empty()) return urls;
  std::string text = FlagOr(call.globals, "endpoints", "ETCDCTL_ENDPOINTS");
  if (text.empty()) text = FlagOr(call.globals, "endpoint", "ETCDCTL_ENDPOINT");
  if (text.empty()) text = FlagOr(call.globals, "peers", "ETCDCTL_PEERS");
  return base::Split(text.empty() ? kDefaultEndpoints : text, ',');
}

base::Result<Cluster::Options> ReadOptions(const Call& call) {
  const cli::Flags& flags = call.globals;
  Cluster::Options options;
  ASSIGN_OR_RETURN(const std::vector<std::string> urls, FindUrls(call));
  for (const std::string& url : urls) {
    ASSIGN_OR_RETURN(Endpoint endpoint, ParseEndpoint(url));
    options.endpoints.push_back(std::move(endpoint));
  }
  ASSIGN_OR_RETURN(options.tls, client_v2::OpenTls(
                                    {.authorities = FlagOr(flags, "ca-file", "ETCDCTL_CA_FILE"),
                                     .certificate = FlagOr(flags, "cert-file", "ETCDCTL_CERT_FILE"),
                                     .key = FlagOr(flags, "key-file", "ETCDCTL_KEY_FILE")}));
  // Compat: certificates are the domain's then, and not the members'.
  if (const Domain domain = DomainOf(flags); !domain.allows_plain) {
    options.server_name = domain.name;
  }
  options.timeout = flags.GetDuration("timeout");
  options.total_timeout = flags.GetDuration("total-timeout");
  if (flags.GetBool("debug")) options.debug = call.own.err;
  const std::string user = FlagOr(flags, "username", "ETCDCTL_USERNAME");
  if (!user.empty()) {
    Credentials credentials = ReadCredentials(call, "Password: ", user);
    options.username = std::move(credentials.user);
    options.password = std::move(credentials.password);
  }
  return options;
}

bool SameUrls(std::vector<std::string> a, std::vector<std::string> b) {
  std::sort(a.begin(), a.end());
  std::sort(b.begin(), b.end());
  return a == b;
}

// Has the cluster asked at the addresses that its members say they have. Compat: a failure other
// than that nobody can be reached is left to the command itself.
std::optional<Failure> TakeMembers(Cluster& cluster) {
  std::vector<Member> members;
  if (auto failure = ListMembers(cluster, cluster.NewDeadline(), &members); failure.has_value()) {
    return failure;
  }
  std::vector<std::string> urls;
  for (const Member& member : members) {
    urls.insert(urls.end(), member.client_urls.begin(), member.client_urls.end());
  }
  if (urls.empty()) return Failure{.text = kNoEndpoints};
  if (SameUrls(cluster.endpoints(), urls)) return std::nullopt;
  std::vector<Endpoint> endpoints;
  for (const std::string& url : urls) {
    auto endpoint = ParseEndpoint(url);
    if (!endpoint.ok()) return Failure{.text = std::string(endpoint.status().message())};
    endpoints.push_back(*std::move(endpoint));
  }
  cluster.SetEndpoints(std::move(endpoints));
  return std::nullopt;
}

int FailSync(const Call& call, const Cluster& cluster, const Failure& failure) {
  if (failure.text != kNoEndpoints) return Fail(call, failure, kExitBadConnection);
  cli::Print(call.own.err,
             "etcd cluster has no published client endpoints.\nTry '--no-sync' if you want to "
             "access non-published client endpoints(" +
                 base::Join(cluster.endpoints(), ",") + ").\n");
  return Fail(call, failure, kExitServerError);
}

}  // namespace

std::vector<Flag> GlobalFlags() {
  return {
      {{"debug", 0, Type::kBool, "false", "show each request as a line for curl"}},
      {{"no-sync", 0, Type::kBool, "false", "ask the given endpoints, not those of the members"}},
      {{"output", 0, Type::kString, "simple", "how answers are shown: simple, extended or json"},
       "o"},
      {{"discovery-srv", 0, Type::kString, "", "domain whose SRV records name the endpoints"}, "D"},
      {{"insecure-discovery", 0, Type::kBool, "false",
        "take endpoints without TLS from SRV records"}},
      {{"peers", 0, Type::kString, "", "old name of --endpoints"}, "C"},
      {{"endpoint", 0, Type::kString, "", "old name of --endpoints"}},
      {{"endpoints", 0, Type::kString, "",
        std::string("URLs of members, joined by commas (default ") + kDefaultEndpoints + ")"}},
      {{"cert-file", 0, Type::kString, "", "certificate to show to members"}},
      {{"key-file", 0, Type::kString, "", "key of that certificate"}},
      {{"ca-file", 0, Type::kString, "", "authorities that the members' certificates are from"}},
      {{"username", 0, Type::kString, "",
        "USER[:PASSWORD]; a password that is missing is asked for"},
       "u"},
      {{"timeout", 0, Type::kDuration, "2s", "how long one request may take"}},
      {{"total-timeout", 0, Type::kDuration, "5s", "how long a command may take, but for watches"}},
      {{"version", 0, Type::kBool, "false", "show the version"}, "v"},
  };
}

std::unique_ptr<Cluster> Connect(const Call& call, Sync sync, int* exit_code) {
  base::Result<Cluster::Options> options = ReadOptions(call);
  if (!options.ok()) {
    *exit_code = FailPlainly(call, std::string(options.status().message()));
    return nullptr;
  }
  std::FILE* const debug = options->debug;
  auto cluster = std::make_unique<Cluster>(*std::move(options));
  const auto say = [debug](const std::string& line) {
    if (debug != nullptr) cli::Print(debug, line + "\n");
  };
  if (sync == Sync::kYes && !call.globals.GetBool("no-sync")) {
    say("start to sync cluster using endpoints(" + base::Join(cluster->endpoints(), ",") + ")");
    const std::optional<Failure> failure = TakeMembers(*cluster);
    if (failure.has_value() && (failure->is_connection || failure->text == kNoEndpoints)) {
      *exit_code = FailSync(call, *cluster, *failure);
      return nullptr;
    }
    say("got endpoints(" + base::Join(cluster->endpoints(), ",") + ") after sync");
  }
  say("Cluster-Endpoints: " + base::Join(cluster->endpoints(), ", "));
  return cluster;
}

Credentials ReadCredentials(const Call& call, const std::string& prompt, const std::string& text) {
  const size_t colon = text.find(':');
  if (colon != std::string::npos) return {text.substr(0, colon), text.substr(colon + 1)};
  return {text, ctl::AskPassword(call.own, prompt)};
}

int Fail(const Call& call, const Failure& failure, int exit_code) {
  cli::Print(call.own.err, "Error:  " + failure.text + "\n");
  if (!failure.detail.empty()) cli::Print(call.own.err, failure.detail + "\n");
  return exit_code;
}

int FailPlainly(const Call& call, const std::string& why) {
  cli::Print(call.own.err, why + "\n");
  return kExitBadArguments;
}

}  // namespace ctl_v2
