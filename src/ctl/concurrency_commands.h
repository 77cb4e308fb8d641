#pragma once

#include "ctl/command.h"

namespace ctl {

Outcome RunLock(const Invocation& invocation);
Outcome RunElect(const Invocation& invocation);

}  // namespace ctl
