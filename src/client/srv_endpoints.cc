#include "client/srv_endpoints.h"

#include <iterator>
#include <utility>

#include "runtime/network.h"

namespace client {
namespace {

struct Service {
  std::string_view scheme;
  std::string_view name;
};
constexpr Service kServices[] = {{"https", "etcd-client-ssl"}, {"http", "etcd-client"}};

}  // namespace

base::Result<std::vector<std::string>> SrvEndpoints(const std::string& domain,
                                                    const std::string& service_name,
                                                    const runtime::dns::LookupSrvFn& lookup) {
  std::vector<std::string> endpoints;
  std::string problems;
  size_t failed = 0;
  for (const Service& service : kServices) {
    const std::string suffix = service_name.empty() ? "" : "-" + service_name;
    const auto records = lookup("_" + std::string(service.name) + suffix + "._tcp." + domain);
    if (!records.ok()) {
      problems += (failed++ == 0 ? "" : " and ") + std::string(records.status().message());
      continue;
    }
    for (const runtime::dns::SrvRecord& record : *records) {
      endpoints.push_back(std::string(service.scheme) + "://" +
                          runtime::Address{record.target, record.port, ""}.ToString());
    }
  }
  if (failed == std::size(kServices)) {
    return base::Status(base::Code::kNotFound, "dns lookup errors: " + problems);
  }
  return endpoints;
}

base::Status Discover(etcd::ClientOptions* options) {
  const etcd::SrvDiscovery& discovery = options->discovery;
  if (discovery.domain.empty()) return {};
  ASSIGN_OR_RETURN(std::vector<std::string> found,
                   SrvEndpoints(discovery.domain, discovery.service_name));
  if (!discovery.allow_plain) {
    std::erase_if(found, [](const std::string& each) { return each.starts_with("http://"); });
    if (options->tls.server_name.empty()) options->tls.server_name = discovery.domain;
  }
  if (!found.empty()) options->endpoints = std::move(found);
  return {};
}

}  // namespace client
