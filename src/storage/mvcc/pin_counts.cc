#include "storage/mvcc/pin_counts.h"

#include <algorithm>

#include "base/check.h"

namespace mvcc {

void PinCounts::Add(int64_t compact) {
  // The compact revision only grows.
  CHECK(counts_.empty() || counts_.back().compact <= compact);
  if (counts_.empty() || counts_.back().compact < compact) counts_.push_back({compact, 0});
  ++counts_.back().pins;
  if (counts_.size() == 1) oldest_.store(compact, std::memory_order_relaxed);
}

void PinCounts::Remove(int64_t compact) {
  const auto place =
      std::lower_bound(counts_.begin(), counts_.end(), compact,
                       [](const Count& count, int64_t wanted) { return count.compact < wanted; });
  CHECK(place != counts_.end() && place->compact == compact);
  if (--place->pins > 0) return;
  counts_.erase(place);
  oldest_.store(counts_.empty() ? kNone : counts_.front().compact, std::memory_order_release);
}

}  // namespace mvcc
