#pragma once

#include <string>

#include "config/server_config.h"
#include "observe/log.h"

namespace app {

// The address from which connections to other members are to come: with the gate
// SetMemberLocalAddr the first address, not a name, among those at which the member is advertised
// to them that is neither a loopback address nor unspecified. Empty: the system chooses. Tells the
// log what was found, in etcd's words.
std::string LocalAddressForPeers(const config::ServerConfig& config, const observe::Logger& logger);

}  // namespace app
