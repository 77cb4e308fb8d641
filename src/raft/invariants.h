#pragma once

#include <map>
#include <span>
#include <string>
#include <vector>

#include "base/status.h"
#include "raft/node.h"
#include "raft/types.h"

// What must always hold, checked from outside. A broken invariant is returned as kInternal with the
// formula and the values; tests and the simulator call these after each step. (The cheap ones are
// CHECKs in the nodes themselves, on in every build.)

namespace raft {

// Of one node at one moment: positions, progress, configuration, unstable log, terms in order.
// Linear in the length of the unstable log.
base::Status CheckState(const Node& node);

// What a node must not undo. Cheap to take.
struct NodeSummary {
  Term term{};
  MemberId vote{};
  Index committed{};
  Index applied{};
  Index last{};
  Role role = Role::kFollower;

  static NodeSummary Of(const Node& node);
};

// Of two moments of one node that did not crash between: term, commit and applied never decrease,
// a vote is not changed within a term, a leader only appends.
base::Status CheckTransition(const NodeSummary& before, const NodeSummary& after);

// The same, for a node that crashed and was started again: durable promises hold.
base::Status CheckRestart(const HardState& saved, const NodeSummary& after);

// The guarantees of the raft paper's figure 3, across all nodes of a cluster from its beginning.
// It remembers each term's leader and each committed entry's term and payload checksum.
class ClusterInvariants {
 public:
  // Looks at `node` after a step of it:
  //   election safety        one leader a term;
  //   leader completeness    a leader holds every entry that was committed in earlier terms;
  //   state machine safety   no two nodes commit different entries at one index.
  // Cost: the entries that it committed since the last look; for a new leader, all it holds.
  // (Leader append-only is a matter of CheckTransition, log matching of CheckLogMatching.)
  base::Status Check(const Node& node);

  // Log matching: if two logs hold an entry with the same index and term, they are the same up to
  // there. Compares all that both hold.
  static base::Status CheckLogMatching(const Node& a, const Node& b);

  // Tells that the state machine of `node` was handed `entries`: consecutive, each the committed
  // one.
  base::Status CheckApplied(MemberId node, std::span<const Entry> entries);
  // ...or was replaced by a snapshot, or restarted from what was applied up to `index`.
  void RestartApplied(MemberId node, Index index) { applied_[node] = index; }

  // A node lost its volatile state: its commit index is looked at anew.
  void Restart(MemberId node) { checked_commit_.erase(node); }

  uint64_t committed_entries() const { return committed_entries_; }
  uint64_t elections() const { return leaders_.size(); }

 private:
  struct Fingerprint {
    Term term{};
    EntryType type = EntryType::kNormal;
    uint32_t checksum = 0;

    friend bool operator==(const Fingerprint&, const Fingerprint&) = default;
  };

  // Term 0: not known, because nobody was seen to commit it.
  struct Committed {
    Fingerprint fingerprint{};
    // The term of the node that was first seen to commit it.
    Term commit_term{};
  };

  static Fingerprint FingerprintOf(const Entry& entry);
  base::Status CheckLeader(const Node& node);
  base::Status CheckCommitted(const Node& node);
  base::Status Record(const Entry& entry, const Node& node);

  std::map<Term, MemberId> leaders_;
  // By index.
  std::vector<Committed> committed_;
  uint64_t committed_entries_ = 0;
  std::map<MemberId, Index> checked_commit_;
  std::map<MemberId, Index> applied_;
};

}  // namespace raft
