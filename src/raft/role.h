#pragma once

#include <cstdint>
#include <variant>
#include <vector>

#include "raft/progress.h"
#include "raft/quorum.h"
#include "raft/read_only.h"
#include "raft/types.h"

// What a node knows by virtue of its role, and forgets when it leaves it.

namespace raft {

struct Follower {
  // kNobody until the term's leader is heard from.
  MemberId leader{};
};

// Asks who would vote for it, without leaving its term.
struct PreCandidate {
  Votes votes{};
};

struct Candidate {
  Votes votes{};
};

struct Leader {
  // Of each member, itself included unless it was removed.
  ProgressMap progress{};
  // Whom it tries to hand its role to; no proposals are taken meanwhile.
  MemberId transferee{};
  // At or above the last configuration change in the log. While it is not applied, the next change
  // is refused: only one may be under way.
  Index pending_conf_index{};
  // Payload of the entries that it appended and has not applied: an estimate, never too high.
  uint64_t uncommitted_bytes = 0;
  uint32_t heartbeat_elapsed = 0;
  ReadOnlyQueue reads{};
  // Reads that came before an entry of its own term was committed: until then it does not know
  // what its predecessors had committed (thesis §6.4, step 1).
  std::vector<ReadRequest> postponed_reads{};
};

// In the order of enum Role.
using RoleState = std::variant<Follower, PreCandidate, Candidate, Leader>;

}  // namespace raft
