#pragma once

#include <vector>

#include "ctl/command.h"

namespace ctl {

// Of the command, and of each line that is typed.
std::vector<FlagSpec> WatchFlags();

Outcome RunWatch(const Invocation& invocation);

}  // namespace ctl
