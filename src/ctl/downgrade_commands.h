#pragma once

#include "ctl/command.h"

namespace ctl {

Outcome RunDowngradeValidate(const Invocation& invocation);
Outcome RunDowngradeEnable(const Invocation& invocation);
Outcome RunDowngradeCancel(const Invocation& invocation);

}  // namespace ctl
