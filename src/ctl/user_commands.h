#pragma once

#include "ctl/command.h"

namespace ctl {

Outcome RunUserAdd(const Invocation& invocation);
Outcome RunUserDelete(const Invocation& invocation);
Outcome RunUserGet(const Invocation& invocation);
Outcome RunUserList(const Invocation& invocation);
Outcome RunUserPasswd(const Invocation& invocation);
Outcome RunUserGrantRole(const Invocation& invocation);
Outcome RunUserRevokeRole(const Invocation& invocation);

}  // namespace ctl
