#pragma once

#include "ctl/command.h"

namespace ctl {

// doctor: what is wrong with a cluster, and what to do about it.
Outcome RunDoctor(const Invocation& invocation);

}  // namespace ctl
