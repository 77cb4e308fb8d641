#pragma once

#include "cli/command.h"

namespace utl {

// Shows the objects of a database.
cli::Outcome RunK8sExtract(const cli::Invocation& invocation);

}  // namespace utl
