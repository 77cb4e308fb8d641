#pragma once

#include <vector>

#include "ctl_v2/command.h"

namespace ctl_v2 {

Command MemberCommand();
Command ClusterHealthCommand();

}  // namespace ctl_v2
