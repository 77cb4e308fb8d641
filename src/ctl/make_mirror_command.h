#pragma once

#include "ctl/command.h"

namespace ctl {

// Ends when something fails, or with the process.
Outcome RunMakeMirror(const Invocation& invocation);

}  // namespace ctl
