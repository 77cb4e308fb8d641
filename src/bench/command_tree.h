#pragma once

#include "cli/command.h"

namespace bench {

// The tree below "etcd-bench", built once.
const cli::Command& RootCommand();

}  // namespace bench
