#include "raft/entry_run.h"

#include <algorithm>

#include "base/check.h"

namespace raft {

std::span<const Entry> LimitSize(std::span<const Entry> entries, uint64_t bytes_max) {
  if (bytes_max == kNoLimit || entries.empty()) return entries;
  uint64_t bytes = EncodedSize(entries.front());
  size_t count = 1;
  for (; count < entries.size(); ++count) {
    bytes += EncodedSize(entries[count]);
    if (bytes > bytes_max) break;
  }
  return entries.first(count);
}

std::span<const Entry> EntryRun::Slice(Index low, Index high) const {
  CHECK_LE(first_, low);
  CHECK_LE(low, high);
  CHECK_LE(high, end());
  return std::span(entries_).subspan(head_ + (low - first_), high - low);
}

void EntryRun::Append(std::span<const Entry> entries) {
  if (entries.empty()) return;
  CHECK_EQ(entries.front().index, end());
  const bool would_grow = entries_.size() + entries.size() > entries_.capacity();
  // Moving down what is left is cheaper than growing if at least half of the room is free again.
  if (would_grow && head_ >= size()) {
    entries_.erase(entries_.begin(), entries_.begin() + static_cast<ptrdiff_t>(head_));
    head_ = 0;
  }
  entries_.insert(entries_.end(), entries.begin(), entries.end());
}

void EntryRun::TruncateFrom(Index index) {
  CHECK_LE(first_, index);
  CHECK_LE(index, end());
  entries_.resize(head_ + (index - first_));
}

void EntryRun::DropBefore(Index index) {
  CHECK_LE(first_, index);
  CHECK_LE(index, end());
  for (; first_ < index; ++first_) entries_[head_++].data = {};
  if (head_ == entries_.size()) {
    entries_.clear();
    head_ = 0;
  }
}

void EntryRun::Reset(Index first) {
  entries_.clear();
  head_ = 0;
  first_ = first;
}

}  // namespace raft
