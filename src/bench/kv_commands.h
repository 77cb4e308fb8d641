#pragma once

#include "bench/measuring.h"

// The commands of single requests for keys and values.

namespace bench {

cli::Outcome MeasurePut(const Measuring& measuring);
cli::Outcome MeasureRange(const Measuring& measuring);
cli::Outcome MeasureLeaseKeepAlive(const Measuring& measuring);

}  // namespace bench
