#pragma once

#include <vector>

#include "base/status.h"
#include "config/command.h"
#include "config/server_config.h"

namespace config {

// Whether the values go together and every feature they ask for exists. Fails with etcd's texts;
// what is allowed but unwise goes to `notices`.
base::Status Validate(const ServerConfig& config, std::vector<Notice>& notices);

// Whether etcd would start with them: of values that it looks at only then. With its texts.
base::Status CheckStart(const ServerConfig& config);

}  // namespace config
