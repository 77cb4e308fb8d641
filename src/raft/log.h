#pragma once

#include <deque>
#include <optional>
#include <span>
#include <vector>

#include "raft/log_reader.h"
#include "raft/log_state.h"
#include "raft/observer.h"
#include "raft/types.h"
#include "raft/unstable.h"

namespace raft {

// The whole log as the protocol sees it: what the disk holds, overlaid with what it does not hold
// yet, and how far it is committed and applied.
// Invariant: applied <= applying <= committed <= LastIndex(). None of the three ever decreases.
class Log {
 public:
  // Committed and applied up to where `reader` was compacted. `applying_bytes_max` bounds what was
  // handed out for applying and not reported as applied.
  Log(const LogReader& reader, uint64_t applying_bytes_max, Observer* observer);

  Index FirstIndex() const;
  Index LastIndex() const;
  EntryId Last() const;
  Index committed() const { return committed_; }
  Index applying() const { return applying_; }
  Index applied() const { return applied_; }
  const Unstable& unstable() const { return unstable_; }
  LogState state() const;

  // For FirstIndex() - 1 <= index <= LastIndex().
  std::optional<Term> TermAt(Index index) const;
  bool Matches(EntryId id) const { return TermAt(id.index) == id.term; }
  // Whether a log that ends with `last` holds all that may have been committed, as far as this log
  // can tell (raft paper §5.4.1).
  bool IsUpToDate(EntryId last) const;
  // The largest guess <= index whose term is <= term or not known; and the term there, or 0.
  EntryId FindConflictByTerm(Index index, Term term) const;

  // Appends to `*out` the entries of [low, high) of at most `bytes_max` in all, but at least one.
  // False if `low` was compacted.
  bool Read(Index low, Index high, uint64_t bytes_max, std::vector<Entry>* out) const;
  // The latest snapshot, null if none is at hand.
  SnapshotPtr LatestSnapshot() const;
  // Committed, but not reported as applied.
  bool HasUnappliedConfChange() const;

  // A leader's append after `previous`; commits up to `committed` as far as the append reaches.
  // Returns the append's last index, or nothing if `previous` is not in this log.
  std::optional<Index> MaybeAppend(EntryId previous, std::span<const Entry> entries,
                                   Index committed);
  // Appends what follows the last committed entry, replacing what is there.
  void Append(std::span<const Entry> entries);
  void Restore(SnapshotPtr snapshot);

  // Never decreases. An `index` that the log does not reach ends the process: this node has lost
  // what it had acknowledged.
  void CommitTo(Index index);
  // Commits up to `id` if that is news and the log holds it. True if it did.
  bool MaybeCommit(EntryId id);

  // What is to be written: see Unstable.
  void InProgress() { unstable_.InProgress(); }
  void StableTo(EntryId last) { unstable_.StableTo(last); }
  void SnapshotStable(Index index) { unstable_.SnapshotStable(index); }

  // Committed entries that are durable here, not handed out yet, and fit the bound. None while a
  // snapshot waits to be installed.
  bool HasNextCommitted() const;
  // Whether there are none whatever is committed.
  void HoldCommitted(bool is_held) { committed_is_held_ = is_held; }
  // Hands them out.
  std::vector<Entry> TakeNextCommitted();
  // Returns the payload bytes of the batches that are applied with it.
  uint64_t AppliedTo(Index index);

 private:
  // A batch that was handed out for applying.
  struct Batch {
    Index last;
    uint64_t encoded_bytes;
    uint64_t payload_bytes;
  };

  // The first of `entries` that the log does not hold; nothing if it holds all.
  std::optional<Index> FindConflict(std::span<const Entry> entries) const;
  Index AppliableEnd() const;

  const LogReader& reader_;
  Observer* observer_;
  Unstable unstable_;
  Index committed_;
  Index applying_;
  Index applied_;

  uint64_t applying_bytes_max_;
  uint64_t applying_bytes_ = 0;
  // The bound was reached, or the next entry would exceed it: wait for AppliedTo.
  bool applying_paused_ = false;
  bool committed_is_held_ = false;
  std::deque<Batch> batches_;
};

}  // namespace raft
