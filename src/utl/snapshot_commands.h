#pragma once

#include "cli/command.h"

namespace utl {

cli::Outcome RunSnapshotStatus(const cli::Invocation& invocation);
cli::Outcome RunSnapshotRestore(const cli::Invocation& invocation);

}  // namespace utl
