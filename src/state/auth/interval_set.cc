#include "state/auth/interval_set.h"

#include <algorithm>
#include <iterator>

namespace auth {
namespace {

// The first key behind `key`: that with a zero byte more.
base::Bytes After(base::ByteView key) {
  base::Bytes after(key);
  after.push_back('\0');
  return after;
}

// Where a range ends; empty: nowhere.
base::Bytes EndOf(const KeyRange& range) {
  if (range.is_single()) return After(range.key);
  return range.is_open() ? base::Bytes() : base::Bytes(range.end);
}

// Of ends, of which an empty one is the last.
bool EndsBefore(base::ByteView a, base::ByteView b) {
  return !a.empty() && (b.empty() || a < b);
}

bool IsInverted(const KeyRange& range) {
  return !range.is_single() && !range.is_open() && range.end <= range.key;
}

}  // namespace

IntervalSet::IntervalSet(const std::vector<KeyRange>& ranges) {
  std::vector<const KeyRange*> sorted;
  for (const KeyRange& range : ranges) {
    if (!IsInverted(range)) sorted.push_back(&range);
  }
  std::sort(sorted.begin(), sorted.end(),
            [](const KeyRange* a, const KeyRange* b) { return a->key < b->key; });
  for (const KeyRange* const range : sorted) {
    base::Bytes end = EndOf(*range);
    const bool is_apart = intervals_.empty() || EndsBefore(intervals_.back().end, range->key);
    if (is_apart) {
      intervals_.push_back({base::Bytes(range->key), std::move(end)});
    } else if (EndsBefore(intervals_.back().end, end)) {
      intervals_.back().end = std::move(end);
    }
  }
}

bool IntervalSet::Contains(const KeyRange& range) const {
  const auto after =
      std::upper_bound(intervals_.begin(), intervals_.end(), range.key,
                       [](base::ByteView key, const Interval& at) { return key < at.begin; });
  if (after == intervals_.begin()) return false;
  const Interval& at = *std::prev(after);
  if (!at.end.empty() && range.key >= at.end) return false;
  if (range.is_single() || IsInverted(range)) return true;
  return !EndsBefore(at.end, range.is_open() ? base::ByteView() : range.end);
}

}  // namespace auth
