#pragma once

#include "ctl/command.h"
#include "ctl/outcome.h"

namespace ctl {

Outcome RunLock(const Invocation& invocation);
Outcome RunElect(const Invocation& invocation);

}  // namespace ctl
