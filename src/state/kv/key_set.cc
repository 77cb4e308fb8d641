#include "state/kv/key_set.h"

#include <algorithm>
#include <iterator>

namespace kv {

void KeySet::Add(std::string_view key, std::string_view range_end) {
  Insert(key, range_end.empty() ? End{key, true} : End{range_end, false});
}

void KeySet::Add(const KeySet& other) {
  for (const auto& [begin, end] : other.ranges_) Insert(begin, end);
}

void KeySet::Insert(std::string_view begin, End end) {
  if (End{begin, false} >= end) return;  // an empty range
  auto next = ranges_.upper_bound(begin);
  if (next != ranges_.begin()) {
    const auto before = std::prev(next);
    if (before->second >= End{begin, false}) {
      begin = before->first;
      end = std::max(end, before->second);
      next = ranges_.erase(before);
    }
  }
  while (next != ranges_.end() && End{next->first, false} <= end) {
    end = std::max(end, next->second);
    next = ranges_.erase(next);
  }
  ranges_.emplace(begin, end);
}

bool KeySet::Contains(std::string_view key) const {
  const auto next = ranges_.upper_bound(key);
  return next != ranges_.begin() && End{key, false} < std::prev(next)->second;
}

}  // namespace kv
