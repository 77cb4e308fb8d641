#pragma once

#include <optional>
#include <span>
#include <vector>

#include "raft/entry_run.h"
#include "raft/log_state.h"
#include "raft/observer.h"
#include "raft/types.h"

namespace raft {

// The part of the log that the disk has not confirmed: a snapshot, if one was received, and the
// entries from offset() on. offset() may lie within what the disk holds: those entries there are
// about to be overwritten. A part of it is in progress: handed out for writing.
// Invariant: offset <= in_progress_end <= offset + number of entries.
class Unstable {
 public:
  Unstable(Index offset, Observer* observer)
      : entries_(offset), in_progress_end_(offset), observer_(observer) {}

  Index offset() const { return entries_.first(); }
  Index in_progress_end() const { return in_progress_end_; }
  const SnapshotPtr& snapshot() const { return snapshot_; }
  const EntryRun& entries() const { return entries_; }

  // Known only if there is a snapshot, or an entry.
  std::optional<Index> LastIndex() const;
  std::optional<Term> TermAt(Index index) const;

  // What is to be written next; InProgress() says that it was handed out.
  std::span<const Entry> NextEntries() const;
  SnapshotPtr NextSnapshot() const { return snapshot_in_progress_ ? nullptr : snapshot_; }
  void InProgress();

  // The entries up to `last` are durable, and no write that is under way can overwrite them. Not
  // believed if another entry has taken the place of `last`.
  void StableTo(EntryId last);
  // The snapshot with this index is installed.
  void SnapshotStable(Index index);

  // Replaces everything.
  void Restore(SnapshotPtr snapshot);
  // Appends, after cutting off what was there from the first entry's index on.
  void TruncateAndAppend(std::span<const Entry> entries);

 private:
  SnapshotPtr snapshot_;
  bool snapshot_in_progress_ = false;
  EntryRun entries_;
  Index in_progress_end_;
  Observer* observer_;
};

}  // namespace raft
