#include "state/auth/interval_set.h"

#include <iterator>
#include <utility>

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

// Of the same bytes: those of another role may be equal, and may go before.
bool IsSame(const KeyRange& a, const KeyRange& b) {
  return a.key.data() == b.key.data() && a.end.data() == b.end.data();
}

bool IsInverted(const KeyRange& range) {
  return !range.is_single() && !range.is_open() && range.end <= range.key;
}

}  // namespace

void IntervalSet::Replace(const std::vector<KeyRange>& out, const std::vector<KeyRange>& in) {
  std::vector<std::pair<base::ByteView, base::Bytes>> opened;
  for (const KeyRange& range : out) {
    if (IsInverted(range)) continue;
    if (const auto interval = Find(range.key); interval != intervals_.end()) {
      opened.push_back(*interval);
      intervals_.erase(interval);
    }
    auto at = ranges_.lower_bound(range.key);
    while (!IsSame({at->first, at->second}, range)) ++at;
    ranges_.erase(at);
  }
  // What is left in them.
  for (const auto& [begin, end] : opened) {
    for (auto at = ranges_.lower_bound(begin); at != ranges_.end(); ++at) {
      if (!end.empty() && at->first >= end) break;
      Merge(at->first, EndOf({at->first, at->second}));
    }
  }
  for (const KeyRange& range : in) {
    if (IsInverted(range)) continue;
    ranges_.emplace(range.key, range.end);
    Merge(range.key, EndOf(range));
  }
}

void IntervalSet::Merge(base::ByteView begin, base::Bytes end) {
  auto next = intervals_.upper_bound(begin);
  if (next != intervals_.begin()) {
    const auto before = std::prev(next);
    const bool touches = !EndsBefore(before->second, begin);
    if (touches && !EndsBefore(before->second, end)) return;
    if (touches) begin = before->first;
    if (touches) intervals_.erase(before);
  }
  while (next != intervals_.end() && !EndsBefore(end, next->first)) {
    if (EndsBefore(end, next->second)) end = std::move(next->second);
    next = intervals_.erase(next);
  }
  intervals_.emplace_hint(next, begin, std::move(end));
}

IntervalSet::Intervals::const_iterator IntervalSet::Find(base::ByteView key) const {
  const auto after = intervals_.upper_bound(key);
  if (after == intervals_.begin()) return intervals_.end();
  const auto at = std::prev(after);
  return at->second.empty() || key < at->second ? at : intervals_.end();
}

bool IntervalSet::Contains(const KeyRange& range) const {
  const auto interval = Find(range.key);
  if (interval == intervals_.end()) return false;
  if (range.is_single() || IsInverted(range)) return true;
  return !EndsBefore(interval->second, range.is_open() ? base::ByteView() : range.end);
}

}  // namespace auth
