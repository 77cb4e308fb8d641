#pragma once

#include <string_view>

#include "base/result.h"
#include "config/server_config.h"
#include "server/options.h"

namespace app {

// What the member itself needs of the configuration, but for the members that its cluster begins
// with.
base::Result<server::Options> ServerOptions(const config::ServerConfig& config);

// And these, which only a first start needs; in the form of --initial-cluster. Fails with etcd's
// text for what is no such form.
base::Status SetInitialCluster(std::string_view text, server::Options* options);

}  // namespace app
