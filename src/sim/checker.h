#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>

#include "base/status.h"
#include "raft/invariants.h"
#include "raft/node.h"
#include "sim/tally.h"
#include "sim/trace.h"

namespace sim {

// What is wrong.
base::Status Violated(const std::string& what);

// Watches all nodes of a cluster: every invariant after every step, and what clients were told.
// The first violation is kept; what follows it is not looked at.
class Checker {
 public:
  // A node has started from `saved`, with its state machine at `applied`.
  void Started(const raft::Node& node, const raft::HardState& saved, base::Index applied);
  // A node has taken an input, or given its output away.
  void AfterStep(const raft::Node& node);
  // Its state machine was handed committed entries, or replaced by a snapshot's.
  void Applied(base::MemberId id, std::span<const raft::Entry> entries);
  void Restored(base::MemberId id, base::Index index) { cluster_.RestartApplied(id, index); }
  // Two state machines at the same index must be at the same revision, and have the same rights
  // (auth::View::stamp).
  void CheckRevision(base::Index index, base::Revision revision, uint64_t rights);
  // Compares two logs entry by entry; slower than the rest.
  void CompareLogs(const raft::Node& a, const raft::Node& b);

  // A read that begins at this moment must see at least this much: all that anybody may have acted
  // upon.
  base::Index ReadFloor() const { return committed_; }
  // A read asked for when the floor was `floor` was answered with the state at `revision`.
  void CheckRead(base::Index floor, base::Revision revision);

  void Fail(const base::Status& status);
  // For judges that know no checker, which this outlives.
  std::function<void(const std::string& what)> FailWith() {
    return [this](const std::string& what) { Fail(Violated(what)); };
  }
  const base::Status& violation() const { return violation_; }

  Trace& trace() { return trace_; }
  // What the nodes have done, and in which states they were.
  Tally tally() const;
  base::Index committed() const { return committed_; }

 private:
  // States that a node may be in, some of them at once.
  enum class State : uint8_t {
    kFollower,
    kPreCandidate,
    kCandidate,
    kLeader,
    kLearner,
    kJoint,
    kAwaitsSnapshot,
    kLast = kAwaitsSnapshot
  };

  base::Status CheckStep(const raft::Node& node);
  void CountStates(const raft::Node& node);

  raft::ClusterInvariants cluster_;
  std::map<base::MemberId, raft::NodeSummary> last_seen_;
  std::map<base::Index, base::Revision> revisions_;  // of state machines at the ends of slices
  std::map<base::Index, uint64_t> rights_;           // likewise
  base::Index committed_;
  base::Status violation_;
  Trace trace_;
  uint64_t steps_ = 0;
  std::array<uint64_t, static_cast<size_t>(State::kLast) + 1> states_{};  // steps in each
};

}  // namespace sim
