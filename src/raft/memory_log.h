#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "raft/entry_run.h"
#include "raft/log_reader.h"
#include "raft/types.h"

namespace raft {

// The persisted log's tail in memory, as a node reads it. The driver mirrors in it each write that
// has become durable, before it reports OnPersisted. Bounded by entries and by bytes: Trim drops
// what is applied and beyond either bound; a peer that still needs it gets a snapshot.
class MemoryLog : public LogReader {
 public:
  struct Bounds {
    uint64_t entries_max = kNoLimit;
    // Encoded.
    uint64_t bytes_max = kNoLimit;
  };

  // Empty; starts after `base`, the last entry that a snapshot covers ({0, 0}: a first start).
  explicit MemoryLog(Bounds bounds, EntryId base = {});

  Index FirstIndex() const override { return entries_.first(); }
  Index LastIndex() const override { return entries_.end() - 1; }
  std::optional<Term> TermAt(Index index) const override;
  bool Read(Index low, Index high, uint64_t bytes_max, std::vector<Entry>* out) const override;
  SnapshotPtr LatestSnapshot() const override { return snapshot_; }

  // The sum of the entries' encoded sizes.
  uint64_t bytes() const { return bytes_; }
  uint64_t size() const { return entries_.size(); }

  // Replaces everything from entries[0].index on; no gap. Entries before FirstIndex() are skipped.
  void Append(std::span<const Entry> entries);
  // Starts the log over after a snapshot that was received.
  void Install(SnapshotPtr snapshot);
  // Offers `snapshot`, made here, to peers. The log keeps its entries.
  void SetSnapshot(SnapshotPtr snapshot);
  // Drops the entries up to and including `index`, FirstIndex() <= index <= LastIndex().
  void Compact(Index index);
  // Compacts until the bounds hold, but not beyond `limit`: what is applied here and covered by a
  // snapshot that peers can get.
  void Trim(Index limit);

 private:
  Bounds bounds_;
  // Of the entry just before the first.
  Term base_term_;
  EntryRun entries_;
  uint64_t bytes_ = 0;
  SnapshotPtr snapshot_;
};

}  // namespace raft
