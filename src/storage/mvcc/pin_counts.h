#pragma once

#include <cstdint>
#include <mutex>
#include <vector>

namespace mvcc {

// How many pins live, by the compact revision at which they were taken. Any thread.
class PinCounts {
 public:
  void Add(int64_t compact);
  void Remove(int64_t compact);
  // Whether any was taken before the compaction to `compact`.
  bool AnyBefore(int64_t compact) const;

 private:
  struct Count {
    int64_t compact;
    uint64_t pins;
  };

  mutable std::mutex mutex_;
  std::vector<Count> counts_;  // ascending; mostly one
};

}  // namespace mvcc
