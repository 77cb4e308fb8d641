#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "net/http/exchange.h"

namespace app {

// The two ways in which names and addresses belong together. They ask the network and wait for it.
struct NameLookups {
  std::function<base::Result<std::vector<std::string>>(const std::string& name)> addresses_of;
  std::function<base::Result<std::vector<std::string>>(const std::string& address)> names_of;
};
// Those of the system.
NameLookups SystemNameLookups();

// Whether a member that comes from an address may show the certificate in `info`: it names no host,
// or the address, or a name of the address, or a name that has the address. Else etcd's text.
base::Status CheckAddress(const http::ConnectionInfo& info, const std::string& address,
                          const NameLookups& lookups);

}  // namespace app
