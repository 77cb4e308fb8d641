#pragma once

#include <string>

#include "bench/measurement.h"

namespace bench {

// A picture (SVG, text alone) of two plots: the latency over the time of the run, and over the
// percentile, both on a logarithmic scale. Readable on a light and on a dark page.
std::string Plot(const Measurement& measurement);

}  // namespace bench
