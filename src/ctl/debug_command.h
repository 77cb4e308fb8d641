#pragma once

#include "ctl/command.h"

namespace ctl {

// An archive for a bug report.
Outcome RunDebug(const Invocation& invocation);

}  // namespace ctl
