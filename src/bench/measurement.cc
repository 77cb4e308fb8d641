#include "bench/measurement.h"

namespace bench {

double Series::PerSecond() const {
  const double seconds = std::chrono::duration<double>(took).count();
  return seconds > 0 ? static_cast<double>(results.done()) / seconds : 0;
}

uint64_t Measurement::done() const {
  uint64_t sum = 0;
  for (const Series& each : series) sum += each.results.done();
  return sum;
}

uint64_t Measurement::failed() const {
  uint64_t sum = 0;
  for (const Series& each : series) sum += each.results.failed();
  return sum;
}

}  // namespace bench
