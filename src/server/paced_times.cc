#include "server/paced_times.h"

#include <algorithm>
#include <iterator>

namespace server {

runtime::TimePoint PacedTimes::Take(runtime::TimePoint earliest) {
  int64_t slot = (earliest - from_) / slot_;
  auto after = taken_.upper_bound(slot);
  auto before = taken_.end();
  if (after != taken_.begin() && std::prev(after)->second >= slot) {
    before = std::prev(after);
    slot = std::max(slot, before->second);
  }
  // It lengthens the run before it, or begins one; and may close the gap to the next.
  if (before == taken_.end()) before = taken_.emplace_hint(after, slot, slot);
  before->second = slot + 1;
  if (after != taken_.end() && after->first == slot + 1) {
    before->second = after->second;
    taken_.erase(after);
  }
  return std::max(earliest, from_ + slot * slot_);
}

}  // namespace server
