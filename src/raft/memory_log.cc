#include "raft/memory_log.h"

#include <algorithm>

#include "base/check.h"

namespace raft {

MemoryLog::MemoryLog(Bounds bounds, EntryId base)
    : bounds_(bounds), base_term_(base.term), entries_(base.index + 1) {}

std::optional<Term> MemoryLog::TermAt(Index index) const {
  if (entries_.Contains(index)) return entries_.at(index).term;
  if (index + 1 == entries_.first()) return base_term_;
  return std::nullopt;
}

bool MemoryLog::Read(Index low, Index high, uint64_t bytes_max, std::vector<Entry>* out) const {
  if (low < entries_.first()) return false;
  const auto entries = LimitSize(entries_.Slice(low, high), bytes_max);
  out->insert(out->end(), entries.begin(), entries.end());
  return true;
}

void MemoryLog::Append(std::span<const Entry> entries) {
  while (!entries.empty() && entries.front().index < FirstIndex()) entries = entries.subspan(1);
  if (entries.empty()) return;
  const Index from = entries.front().index;
  CHECK_LE(from, entries_.end());
  for (const Entry& entry : entries_.Slice(from, entries_.end())) bytes_ -= EncodedSize(entry);
  entries_.TruncateFrom(from);
  for (const Entry& entry : entries) bytes_ += EncodedSize(entry);
  entries_.Append(entries);
}

void MemoryLog::Install(SnapshotPtr snapshot) {
  entries_.Reset(snapshot->index + 1);
  bytes_ = 0;
  base_term_ = snapshot->term;
  snapshot_ = std::move(snapshot);
}

void MemoryLog::SetSnapshot(SnapshotPtr snapshot) {
  snapshot_ = std::move(snapshot);
}

void MemoryLog::Compact(Index index) {
  CHECK(entries_.Contains(index));
  base_term_ = entries_.at(index).term;
  for (const Entry& entry : entries_.Slice(FirstIndex(), index + 1)) bytes_ -= EncodedSize(entry);
  entries_.DropBefore(index + 1);
}

void MemoryLog::Trim(Index limit) {
  uint64_t entries = size();
  uint64_t bytes = bytes_;
  Index index = FirstIndex();
  while (index <= std::min(limit, LastIndex()) &&
         (entries > bounds_.entries_max || bytes > bounds_.bytes_max)) {
    bytes -= EncodedSize(entries_.at(index));
    --entries;
    ++index;
  }
  if (index > FirstIndex()) Compact(index - 1);
}

}  // namespace raft
