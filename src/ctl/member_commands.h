#pragma once

#include "ctl/command.h"

namespace ctl {

Outcome RunMemberAdd(const Invocation& invocation);
Outcome RunMemberRemove(const Invocation& invocation);
Outcome RunMemberUpdate(const Invocation& invocation);
Outcome RunMemberPromote(const Invocation& invocation);
Outcome RunMemberList(const Invocation& invocation);
Outcome RunMoveLeader(const Invocation& invocation);

}  // namespace ctl
