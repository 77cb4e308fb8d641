#pragma once

#include "ctl/command.h"

namespace ctl {

Outcome RunEndpointHealth(const Invocation& invocation);
Outcome RunEndpointStatus(const Invocation& invocation);
Outcome RunEndpointHashKv(const Invocation& invocation);
Outcome RunAlarmList(const Invocation& invocation);
Outcome RunAlarmDisarm(const Invocation& invocation);
Outcome RunDefrag(const Invocation& invocation);
Outcome RunSnapshotSave(const Invocation& invocation);

}  // namespace ctl
