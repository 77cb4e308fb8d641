#pragma once

#include "raft/types.h"

namespace raft {

// Where a node's log stands.
// Invariant: applied <= applying <= committed; unstable_from <= in_progress_to.
struct LogState {
  // Known to be persisted by a quorum.
  Index committed{};
  // Handed out for applying...
  Index applying{};
  // ...and reported as applied.
  Index applied{};
  // The first entry that the disk has not confirmed, and the first that it was not even given.
  Index unstable_from{};
  Index in_progress_to{};
  uint64_t unstable_entries = 0;
};

}  // namespace raft
