#pragma once

#include "base/result.h"
#include "config/server_config.h"
#include "server/options.h"

namespace app {

// What the member itself needs of the configuration. Fails with etcd's texts for an initial cluster
// that cannot be.
base::Result<server::Options> ServerOptions(const config::ServerConfig& config);

}  // namespace app
