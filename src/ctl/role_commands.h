#pragma once

#include "ctl/command.h"

namespace ctl {

Outcome RunRoleAdd(const Invocation& invocation);
Outcome RunRoleDelete(const Invocation& invocation);
Outcome RunRoleGet(const Invocation& invocation);
Outcome RunRoleList(const Invocation& invocation);
Outcome RunRoleGrantPermission(const Invocation& invocation);
Outcome RunRoleRevokePermission(const Invocation& invocation);

}  // namespace ctl
