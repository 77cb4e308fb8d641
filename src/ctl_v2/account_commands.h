#pragma once

#include "ctl_v2/command.h"

namespace ctl_v2 {

Command UserCommand();
Command RoleCommand();
Command AuthCommand();

}  // namespace ctl_v2
