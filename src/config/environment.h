#pragma once

#include <set>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "config/command.h"

namespace config {

// Sets every flag whose variable (ETCD_DATA_DIR for data-dir) has a value and that is not in
// `given` yet, and adds it to `given`. What is worth telling goes to `notices`; a variable whose
// flag was given on the command line too is a notice of severity fatal, and nothing may follow it.
// Fails with etcd's text for a value that cannot be read.
base::Status ApplyEnvironment(const Environment& environment, ServerConfig& config,
                              std::set<std::string_view>& given, std::vector<Notice>& notices);

}  // namespace config
