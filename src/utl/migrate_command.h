#pragma once

#include "cli/command.h"

namespace utl {

// Of a member that does not run, of this program or of etcd.
cli::Outcome RunMigrate(const cli::Invocation& invocation);

}  // namespace utl
