#pragma once

#include <string>
#include <vector>

namespace app {

// The etcd command: does what its arguments, its environment and its configuration file ask for,
// until a signal ends it. Returns the exit status. HoldSignals came before.
int Main(const std::vector<std::string>& arguments);

}  // namespace app
