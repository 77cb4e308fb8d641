#pragma once

#include "bench/measuring.h"

namespace bench {

cli::Outcome MeasureWatch(const Measuring& measuring);
cli::Outcome MeasureWatchGet(const Measuring& measuring);
cli::Outcome MeasureWatchLatency(const Measuring& measuring);

}  // namespace bench
