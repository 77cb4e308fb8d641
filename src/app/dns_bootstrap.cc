#include "app/dns_bootstrap.h"

#include <map>
#include <utility>
#include <vector>

#include "base/go_text.h"
#include "config/url.h"
#include "runtime/network.h"

namespace app {
namespace {

using config::Url;

struct Service {
  std::string_view scheme;
  std::string_view name;
};
constexpr Service kServices[] = {{"https", "etcd-server-ssl"}, {"http", "etcd-server"}};

base::Status NoSuchHost(const std::string& host) {
  return {base::Code::kNotFound, "lookup " + host + ": no such host"};
}

// "127.0.0.1:2380": what two names of one place have in common.
base::Result<std::string> PlaceOf(const std::string& host, uint16_t port, const Resolve& resolve) {
  std::string address = host;
  if (!config::IsIpAddress(host)) {
    const std::optional<std::string> found = resolve(host);
    if (!found.has_value()) return NoSuchHost(host);
    address = *found;
  }
  return runtime::Address{address, port, ""}.ToString();
}

// The URLs that this member advertises, by their places.
base::Result<std::map<std::string, Url>> OwnPlaces(const DnsBootstrapping& with) {
  std::map<std::string, Url> places;
  for (const Url& url : with.config.cluster.initial_advertise_peer_urls) {
    ASSIGN_OR_RETURN(const std::string place, PlaceOf(url.host, url.port, with.resolve));
    places.insert_or_assign(place, url);
  }
  return places;
}

// One service's members, each as "name=url". With none, why there is none.
base::Result<std::vector<std::string>> MembersOf(const DnsBootstrapping& with,
                                                 const Service& service,
                                                 const std::string& service_name) {
  ASSIGN_OR_RETURN(const auto own, OwnPlaces(with));
  const auto records = with.lookup("_" + service_name + "._tcp." + with.config.discovery.srv);
  if (!records.ok()) {
    return base::Status(records.status().code(), "error querying DNS SRV records for _" +
                                                     service_name + " " +
                                                     std::string(records.status().message()));
  }
  std::vector<std::string> members;
  base::Status problem;
  int number = 0;
  for (const runtime::dns::SrvRecord& record : *records) {
    const auto place = PlaceOf(record.target, record.port, with.resolve);
    if (!place.ok()) {
      problem = place.status();
      continue;
    }
    const Url url{std::string(service.scheme), record.target, record.port, ""};
    const auto self = own.find(*place);
    // Compat: an empty --name makes a number of this member, too.
    const bool is_named = self != own.end() && !with.config.member.name.empty();
    const std::string name = is_named ? with.config.member.name : std::to_string(number++);
    if (self != own.end() && self->second.scheme != service.scheme) {
      problem = {base::Code::kInvalidArgument,
                 "bootstrap at " + url.ToString() + " from DNS for " + service_name +
                     " has scheme mismatch with expected peer " + self->second.ToString()};
      continue;
    }
    members.push_back(name + "=" + url.ToString());
  }
  if (!members.empty() || problem.ok()) return members;
  return base::Status(problem.code(), "error querying DNS SRV records for _" + service_name + " " +
                                          std::string(problem.message()));
}

void LogFound(const DnsBootstrapping& with, const Service& service, const std::string& service_name,
              const base::Result<std::vector<std::string>>& found) {
  std::vector<std::string> urls;
  for (const Url& url : with.config.cluster.initial_advertise_peer_urls) {
    urls.push_back(url.ToString());
  }
  const std::vector<std::string> none;
  const std::vector<std::string>& pairs = found.ok() ? *found : none;
  const std::string message = "get cluster for " + std::string(service.name) + " SRV";
  const observe::Field scheme("service-scheme", service.scheme);
  const observe::Field name("service-name", service_name);
  const observe::Field self("server-name", with.config.member.name);
  const observe::Field domain("discovery-srv", with.config.discovery.srv);
  const observe::Field advertised("advertise-peer-urls", urls);
  const observe::Field members("found-cluster", pairs);
  if (found.ok()) {
    with.logger.Info(message, {scheme, name, self, domain, advertised, members});
  } else {
    with.logger.Info(
        message,
        {scheme, name, self, domain, advertised, members, {"error", found.status().message()}});
  }
}

}  // namespace

base::Result<std::string> InitialClusterFromDns(const DnsBootstrapping& with) {
  const std::string& suffix = with.config.discovery.srv_name;
  std::vector<std::string> members;
  std::vector<std::string> problems;
  for (const Service& service : kServices) {
    const std::string name = std::string(service.name) + (suffix.empty() ? "" : "-" + suffix);
    const auto found = MembersOf(with, service, name);
    LogFound(with, service, name, found);
    if (found.ok()) {
      members.insert(members.end(), found->begin(), found->end());
    } else {
      problems.emplace_back(found.status().message());
    }
  }
  const std::string problem = base::Join(problems, "\n");
  if (!problem.empty()) {
    with.logger.Warn("failed to resolve during SRV discovery", {{"error", problem}});
  }
  if (members.empty()) {
    return base::Status(base::Code::kNotFound, "error setting up initial cluster: " + problem);
  }
  bool has_self = false;
  for (const std::string& member : members) {
    with.logger.Info("got bootstrap from DNS for etcd-server", {{"node", member}});
    has_self |= member.starts_with(with.config.member.name + "=");
  }
  if (!has_self) {
    return base::Status(base::Code::kNotFound,
                        "error setting up initial cluster: cannot find local etcd member " +
                            base::Quote(with.config.member.name) + " in SRV records");
  }
  return base::Join(members, ",");
}

}  // namespace app
