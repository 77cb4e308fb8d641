#pragma once

#include <string>
#include <vector>

#include "cli/command.h"

namespace cli {

// The whole program: parses, runs, reports. Returns the exit status.
int Run(const Command& root, const std::vector<std::string>& words);

}  // namespace cli
