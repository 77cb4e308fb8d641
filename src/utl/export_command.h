#pragma once

#include "cli/command.h"

namespace utl {

// export: a member's directory as one on which etcd starts.
cli::Outcome RunExport(const cli::Invocation& invocation);

}  // namespace utl
