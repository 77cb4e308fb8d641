#pragma once

#include "ctl/command.h"

// Commands of etcdctl that etcd's does not have.

namespace ctl {

Command AdmissionCommand();
Command ContextCommand();
Command DebugCommand();
Command DoctorCommand();
Command LatencyCommand();
Command TopCommand();
Command UsageCommand();

}  // namespace ctl
