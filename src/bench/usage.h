#pragma once

#include <string>

#include "bench/measuring.h"

namespace bench {

// Prints how the command is used, which is what is wrong with the command line.
cli::Outcome RefuseUsage(const cli::Invocation& invocation, const std::string& command);

// --consistency of a command: l or s. Says in the measurement's preface which it is.
cli::Outcome ReadConsistency(const Measuring& measuring, const std::string& command,
                             bool* serializable);

}  // namespace bench
