#pragma once

#include <atomic>
#include <cstdint>
#include <limits>
#include <vector>

namespace mvcc {

// How many pins of one loop live, by the compact revision at which they were taken. Belongs to the
// loop, but for AnyBefore.
class PinCounts {
 public:
  void Add(int64_t compact);
  void Remove(int64_t compact);
  bool any() const { return oldest_.load(std::memory_order_relaxed) != kNone; }

  // Any thread. Whether any pin lives that was taken before the compaction to `compact`. Certain if
  // that was announced under the store's lock, which pins are added under.
  bool AnyBefore(int64_t compact) const {
    return oldest_.load(std::memory_order_acquire) < compact;
  }

 private:
  static constexpr int64_t kNone = std::numeric_limits<int64_t>::max();

  struct Count {
    int64_t compact;
    uint64_t pins;
  };

  std::vector<Count> counts_;  // ascending, each of some pins
  std::atomic<int64_t> oldest_ = kNone;
};

}  // namespace mvcc
