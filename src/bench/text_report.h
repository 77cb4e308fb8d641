#pragma once

#include <string>

#include "bench/measurement.h"

namespace bench {

struct TextOptions {
  bool precise = false;      // all digits instead of four behind the point
  bool percentiles = false;  // and those up to 99.999, which etcd's benchmark does not have
};

// What etcd's benchmark prints of requests of one kind: its sections in its form, which scripts
// read. Percentiles and the bars of the histogram are right to within 0.01 percent of the latency.
std::string TextReport(const Series& series, const TextOptions& options);
// Of all of them, with what stands around.
std::string TextReport(const Measurement& measurement, const TextOptions& options);

// The latency at a percentile as etcd's benchmark finds it, in seconds; 0 if too few were measured.
double EtcdPercentile(const ctl::Histogram& latencies, double percent);

}  // namespace bench
