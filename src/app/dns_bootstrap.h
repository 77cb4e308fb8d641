#pragma once

#include <string>

#include "app/advertised_urls.h"
#include "base/result.h"
#include "config/server_config.h"
#include "observe/log.h"
#include "runtime/dns/srv.h"

namespace app {

struct DnsBootstrapping {
  const config::ServerConfig& config;
  runtime::dns::LookupSrvFn lookup;
  Resolve resolve;
  const observe::Logger& logger;
};

// The members that the SRV records of --discovery-srv name, in the form of --initial-cluster:
// _etcd-server-ssl._tcp those with https, _etcd-server._tcp those with http, each with
// --discovery-srv-name behind the service if it is set. This member is the one whose advertised
// peer URL has the address and port of a record; the others get numbers for names. Asks the network
// and waits for it. Fails in etcd's words if nobody is found, or this member is not among them.
base::Result<std::string> InitialClusterFromDns(const DnsBootstrapping& with);

}  // namespace app
