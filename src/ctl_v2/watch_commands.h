#pragma once

#include <vector>

#include "ctl_v2/command.h"

namespace ctl_v2 {

// watch, exec-watch.
std::vector<Command> WatchCommands();

}  // namespace ctl_v2
