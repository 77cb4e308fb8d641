#include "storage/mvcc/pin_counts.h"

#include <algorithm>

#include "base/check.h"

namespace mvcc {

void PinCounts::Add(int64_t compact) {
  const std::lock_guard lock(mutex_);
  auto place =
      std::lower_bound(counts_.begin(), counts_.end(), compact,
                       [](const Count& count, int64_t wanted) { return count.compact < wanted; });
  if (place == counts_.end() || place->compact != compact) {
    place = counts_.insert(place, {compact, 0});
  }
  ++place->pins;
}

void PinCounts::Remove(int64_t compact) {
  const std::lock_guard lock(mutex_);
  const auto place = std::find_if(counts_.begin(), counts_.end(), [compact](const Count& count) {
    return count.compact == compact;
  });
  CHECK(place != counts_.end() && place->pins > 0);
  --place->pins;
  // The newest count stays, so that pins one after another do not allocate.
  if (place->pins == 0 && place + 1 != counts_.end()) counts_.erase(place);
}

bool PinCounts::AnyBefore(int64_t compact) const {
  const std::lock_guard lock(mutex_);
  return std::any_of(counts_.begin(), counts_.end(), [compact](const Count& count) {
    return count.compact < compact && count.pins > 0;
  });
}

}  // namespace mvcc
