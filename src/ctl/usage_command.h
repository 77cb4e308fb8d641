#pragma once

#include "ctl/command.h"

namespace ctl {

Outcome RunUsage(const Invocation& invocation);

}  // namespace ctl
