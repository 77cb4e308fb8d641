#pragma once

#include <etcd/options.h>

#include <string>
#include <vector>

#include "base/result.h"
#include "runtime/dns/srv.h"

namespace client {

// The endpoints that DNS names for a domain: https:// those of _etcd-client-ssl._tcp, then http://
// those of _etcd-client._tcp; with "-NAME" behind the service if `service_name` is not empty.
// Waits for the answers. Fails in etcd's words if both cannot be had.
base::Result<std::vector<std::string>> SrvEndpoints(
    const std::string& domain, const std::string& service_name,
    const runtime::dns::LookupSrvFn& lookup = [](const std::string& name) {
      return runtime::dns::LookupSrv(name);
    });

// Carries out options->discovery: puts what is found in the place of the endpoints, if anything is.
base::Status Discover(etcd::ClientOptions* options);

}  // namespace client
