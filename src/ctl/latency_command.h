#pragma once

#include "ctl/command.h"

namespace ctl {

// How long calls take at each endpoint.
Outcome RunLatency(const Invocation& invocation);

}  // namespace ctl
