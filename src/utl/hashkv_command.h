#pragma once

#include "cli/command.h"

namespace utl {

// Of a snapshot, or of the database of a member that does not run.
cli::Outcome RunHashKv(const cli::Invocation& invocation);

}  // namespace utl
