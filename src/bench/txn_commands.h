#pragma once

#include "bench/measuring.h"

namespace bench {

cli::Outcome MeasureTxnPut(const Measuring& measuring);
cli::Outcome MeasureTxnMixed(const Measuring& measuring);

}  // namespace bench
