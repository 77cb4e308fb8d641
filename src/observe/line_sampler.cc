#include "observe/line_sampler.h"

#include <functional>

namespace observe {

bool LineSampler::Admits(std::string_view message, runtime::WallTime now) {
  Counter& counter = counters_[std::hash<std::string_view>()(message) % counters_.size()];
  const int64_t second = now.unix_nanos / 1'000'000'000;
  // Why no lock: of two threads at a second's turn one may lose its count, which is one line.
  if (counter.second.exchange(second, std::memory_order_relaxed) != second) {
    counter.lines.store(0, std::memory_order_relaxed);
  }
  const uint64_t line = counter.lines.fetch_add(1, std::memory_order_relaxed) + 1;
  return line <= kFirst || (line - kFirst) % kThereafter == 0;
}

}  // namespace observe
