#pragma once

#include "cli/command.h"

namespace discovery {

// The program etcd-discovery: serves until SIGINT or SIGTERM, which HoldSignals has kept until
// then.
cli::Command RootCommand();

}  // namespace discovery
