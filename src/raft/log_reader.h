#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "raft/types.h"

namespace raft {

// What a node reads of its persisted log: entries first_index..last_index, the term just before
// them, and the latest snapshot. Answers come at once (from memory) and reflect every write that
// was reported with Node::OnPersisted; the node asks only on the loop that drives it.
class LogReader {
 public:
  virtual ~LogReader() = default;

  // 1 for a log that was never compacted.
  virtual Index FirstIndex() const = 0;
  // FirstIndex() - 1 if there are no entries.
  virtual Index LastIndex() const = 0;

  // For FirstIndex() - 1 <= index <= LastIndex(); otherwise nothing.
  virtual std::optional<Term> TermAt(Index index) const = 0;

  // Appends to `*out` the entries of [low, high), as many as take `bytes_max` in all (encoded),
  // though at least one. `high` <= LastIndex() + 1. False, with `*out` unchanged, if `low` was
  // compacted.
  virtual bool Read(Index low, Index high, uint64_t bytes_max, std::vector<Entry>* out) const = 0;

  // A snapshot to bring a far-behind peer up; null while none is at hand, and the node asks again
  // at a later message. Its index is at least FirstIndex() - 1, and not before the last applied
  // change of configuration: a peer refuses a snapshot in whose configuration it is missing, and
  // one that was added and is needed for the next commit would never catch up.
  virtual SnapshotPtr LatestSnapshot() const = 0;
};

}  // namespace raft
