#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "raft/types.h"

namespace raft {

// The longest prefix of `entries` whose encoded size is at most `bytes_max`, but at least one
// entry.
std::span<const Entry> LimitSize(std::span<const Entry> entries, uint64_t bytes_max);

// Entries with consecutive indexes, in one piece of memory: appended at the end, dropped from both
// ends. Steady use at constant length allocates nothing.
class EntryRun {
 public:
  // Empty; the next entry is `first`.
  explicit EntryRun(Index first) : first_(first) {}

  // The index of the first entry, or of the one that would be.
  Index first() const { return first_; }
  // One past the last entry.
  Index end() const { return first_ + size(); }
  uint64_t size() const { return entries_.size() - head_; }
  bool empty() const { return size() == 0; }
  bool Contains(Index index) const { return first_ <= index && index < end(); }

  // first() <= index < end().
  const Entry& at(Index index) const { return entries_[head_ + (index - first_)]; }
  // first() <= low <= high <= end(). Valid until the next change.
  std::span<const Entry> Slice(Index low, Index high) const;

  // entries[0].index == end().
  void Append(std::span<const Entry> entries);
  // Drops the entries from `index` on; first() <= index <= end().
  void TruncateFrom(Index index);
  // Drops the entries before `index`; first() <= index <= end().
  void DropBefore(Index index);
  // Empty; the next entry is `first`.
  void Reset(Index first);

 private:
  Index first_;
  // entries_[head_] has index first_; those before are cleared and wait to be overwritten.
  std::vector<Entry> entries_;
  size_t head_ = 0;
};

}  // namespace raft
