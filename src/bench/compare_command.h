#pragma once

#include "bench/measure_command.h"

namespace bench {

// A command that measures at --endpoints and at --endpoints-b in turn, --rounds times each, and
// tells the ratios.
cli::Outcome RunCompareCommand(const cli::Invocation& invocation, const char* name,
                               Measure measure);

}  // namespace bench
