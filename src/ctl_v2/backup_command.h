#pragma once

#include "ctl_v2/command.h"

namespace ctl_v2 {

Command BackupCommand();

}  // namespace ctl_v2
