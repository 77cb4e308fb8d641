#pragma once

#include "ctl/command.h"

namespace ctl {

Outcome RunAdmissionSet(const Invocation& invocation);
Outcome RunAdmissionDelete(const Invocation& invocation);
Outcome RunAdmissionList(const Invocation& invocation);

}  // namespace ctl
