#pragma once

#include "bench/measurement.h"
#include "cli/command.h"

namespace bench {

// What the flags want of a measurement: --output, --precise, --percentiles, --plot,
// --report-perfdash, --fail-on-error.
//
// Whether they can be had: before anything is measured.
cli::Outcome CheckOutput(const cli::Invocation& invocation);
// Prints it and writes the files.
cli::Outcome Output(const cli::Invocation& invocation, const Measurement& measurement);

}  // namespace bench
