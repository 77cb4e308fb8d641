#pragma once

#include <string>

#include "bench/measurement.h"

// What was measured, for programs. Latencies are in seconds.

namespace bench {

// One object on several lines, with each series, its percentiles, its errors by code and text, and
// its course over time.
std::string JsonReport(const Measurement& measurement);

// A line of names and a line for each series.
std::string CsvReport(const Measurement& measurement);

// The file that Kubernetes' perf-dash takes; percentiles in milliseconds.
std::string PerfdashReport(const Series& series);

}  // namespace bench
