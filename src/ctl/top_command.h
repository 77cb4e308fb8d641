#pragma once

#include "ctl/command.h"

namespace ctl {

// What the members of a cluster are doing, again and again on a terminal, once elsewhere.
Outcome RunTop(const Invocation& invocation);

}  // namespace ctl
