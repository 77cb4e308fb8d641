#pragma once

#include "ctl/command.h"

namespace ctl {

// From the keys of the v2 API to those of v3, in a cluster that serves both.
Command MigrateCommand();

}  // namespace ctl
