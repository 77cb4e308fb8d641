#pragma once

#include "ctl/command.h"

namespace ctl {

// They put keys, judge how the cluster takes them, and delete them. The first also when a signal
// ends it early.
Outcome RunCheckPerf(const Invocation& invocation);
Outcome RunCheckDatascale(const Invocation& invocation);

}  // namespace ctl
