#pragma once

#include <cstdint>

#include "base/planted.h"

// Deliberate violations of the protocol, which the simulator must notice (base/planted.h).

namespace raft {

enum class PlantedBug : uint8_t {
  kNone,
  // Grants every vote that is asked for, also a second one in the same term.
  kVoteTwiceInTerm,
  // Grants votes to candidates whose log is behind.
  kVoteForShorterLog,
  // Commits an entry of an older term as soon as a majority holds it; and begins a term without an
  // entry of its own, which would mostly come in between.
  kCommitOldTermByCounting,
  // Sends and counts acknowledgements that the disk has not confirmed.
  kAckBeforePersist,
  // Does not ask the driver to save the vote.
  kForgetVoteAtRestart,
  // Accepts an append whatever entry it says comes before.
  kSkipPreviousTermCheck,
  // Keeps its own entries where an append disagrees with them.
  kKeepConflictingEntries,
  // Counts a learner's log towards the commit index.
  kCountLearnerInQuorum,
  // In a joint configuration, commits by the incoming majority alone and elects by the outgoing.
  kHalfOfJointQuorum,
  // Answers reads without asking a quorum whether it still leads.
  kReadWithoutQuorum,
  // Answers reads before an entry of its own term is committed.
  kReadBeforeTermCommit,
  // Takes over a newer term that it hears of, and goes on leading in it.
  kLeadOnInHigherTerm,
  // Tells a follower in a heartbeat to commit what it may not have.
  kHeartbeatCommitUnmatched,
  // Installs a snapshot although its own log has committed more.
  kInstallOlderSnapshot,
  // Leaves one out when it hands out several committed entries.
  kSkipCommittedEntry,
};

inline constexpr PlantedBug kPlantedBugLast = PlantedBug::kSkipCommittedEntry;

using base::Planted;

}  // namespace raft
