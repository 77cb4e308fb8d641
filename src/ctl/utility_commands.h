#pragma once

#include "ctl/command.h"

namespace ctl {

Outcome RunVersion(const Invocation& invocation);
Outcome RunOptions(const Invocation& invocation);
Outcome RunHelp(const Invocation& invocation);

}  // namespace ctl
