#pragma once

#include "cli/command.h"

namespace utl {

// import: the directory of an etcd becomes one of ours, and with --undo the other way round.
cli::Outcome RunImport(const cli::Invocation& invocation);

}  // namespace utl
