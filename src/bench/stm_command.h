#pragma once

#include "bench/measuring.h"

namespace bench {

cli::Outcome MeasureStm(const Measuring& measuring);

}  // namespace bench
