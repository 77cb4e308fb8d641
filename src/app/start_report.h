#pragma once

#include <cstddef>
#include <string>

#include "config/server_config.h"
#include "observe/log.h"
#include "server/options.h"

namespace app {

struct Start {
  const config::ServerConfig& config;
  const server::Options& options;
  size_t processors;    // that the process may use
  bool is_initialized;  // the member has a log
};

// Tells operators what a member starts with, "starting an etcd server", in etcd's fields but for
// those of Go and git. Values are those that hold: a quota of zero is told as what it means.
void LogStart(const Start& start, const observe::Logger& logger);

// Tells, in etcd's words, which quota the database has, and warns of one, and of a limit for
// requests, that is larger than etcd recommends.
void LogLimits(const Start& start, const observe::Logger& logger);

// Warns of a directory of the member's that others than its owner may look into.
void WarnOfPermissions(const std::string& directory, const observe::Logger& logger);

}  // namespace app
