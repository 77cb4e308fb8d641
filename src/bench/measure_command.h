#pragma once

#include "bench/measuring.h"

namespace bench {

using Measure = cli::Outcome (*)(const Measuring& measuring);

// A command that measures once and tells.
cli::Outcome RunMeasureCommand(const cli::Invocation& invocation, const char* name,
                               Measure measure);

}  // namespace bench
