#pragma once

#include <string>
#include <vector>

namespace prometheus {
struct MetricFamily;
}

namespace observe {

// Prometheus' text format 0.0.4, with numbers as Go prints them, which bounds of buckets are known
// by ("1.048576e+06"): the fewest digits that tell a number from all others, with an exponent below
// a ten-thousandth and from a million on.
std::string TextFormat(const std::vector<prometheus::MetricFamily>& families);

}  // namespace observe
