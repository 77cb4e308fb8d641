#include "sim/checker.h"

#include <algorithm>
#include <iterator>

namespace sim {

base::Status Violated(const std::string& what) {
  return {base::Code::kInternal, what};
}

void Checker::Fail(const base::Status& status) {
  if (!status.ok() && violation_.ok()) violation_ = status;
}

void Checker::Started(const raft::Node& node, const raft::HardState& saved, base::Index applied) {
  const raft::NodeSummary summary = raft::NodeSummary::Of(node);
  Fail(raft::CheckRestart(saved, summary));
  last_seen_[node.id()] = summary;
  cluster_.Restart(node.id());
  cluster_.RestartApplied(node.id(), applied);
}

void Checker::CountStates(const raft::Node& node) {
  const auto count = [this](State state, bool is_in_it) {
    states_[static_cast<size_t>(state)] += is_in_it ? 1 : 0;
  };
  const raft::Role role = node.role();
  count(State::kFollower, role == raft::Role::kFollower);
  count(State::kPreCandidate, role == raft::Role::kPreCandidate);
  count(State::kCandidate, role == raft::Role::kCandidate);
  count(State::kLeader, role == raft::Role::kLeader);
  count(State::kLearner, node.membership().learners.Contains(node.id()));
  count(State::kJoint, node.membership().voters.IsJoint());
  count(State::kAwaitsSnapshot, node.awaits_snapshot());
}

Tally Checker::tally() const {
  static constexpr std::array<std::string_view, static_cast<size_t>(State::kLast) + 1> kNames = {
      "state: follower",
      "state: pre-candidate",
      "state: candidate",
      "state: leader",
      "state: learner",
      "state: joint configuration",
      "state: waits for a snapshot in place of its database"};
  Tally tally;
  for (size_t i = 0; i < kNames.size(); ++i) tally.Add(kNames[i], states_[i]);
  tally.Add("run: steps", steps_);
  tally.Add("run: elections", cluster_.elections());
  tally.Add("run: committed entries", cluster_.committed_entries());
  return tally;
}

void Checker::AfterStep(const raft::Node& node) {
  ++steps_;
  CountStates(node);
  if (violation_.ok()) Fail(CheckStep(node));
}

base::Status Checker::CheckStep(const raft::Node& node) {
  const raft::NodeSummary now = raft::NodeSummary::Of(node);
  raft::NodeSummary& before = last_seen_[node.id()];
  trace_.Add(node.id().value(), now.term.value(), now.vote.value(), now.committed.value(),
             now.applied.value(), now.last.value(), now.role);
  RETURN_IF_ERROR(raft::CheckTransition(before, now));
  before = now;
  RETURN_IF_ERROR(raft::CheckState(node));
  RETURN_IF_ERROR(cluster_.Check(node));
  committed_ = std::max(committed_, now.committed);
  return {};
}

void Checker::Applied(base::MemberId id, std::span<const raft::Entry> entries) {
  if (violation_.ok()) Fail(cluster_.CheckApplied(id, entries));
}

void Checker::CheckRevision(base::Index index, base::Revision revision, uint64_t rights) {
  const bool same_keys = revisions_.emplace(index, revision).first->second == revision;
  const bool same_rights = rights_.emplace(index, rights).first->second == rights;
  if (!same_keys || !same_rights) {
    Fail(Violated("state machines differ at index " + ToString(index)));
  }
}

void Checker::CompareLogs(const raft::Node& a, const raft::Node& b) {
  if (violation_.ok()) Fail(raft::ClusterInvariants::CheckLogMatching(a, b));
}

void Checker::CheckRead(base::Index floor, base::Revision revision) {
  const auto after = revisions_.upper_bound(floor);
  if (after == revisions_.begin()) return;
  const auto& [index, expected] = *std::prev(after);
  if (revision >= expected) return;
  Fail(Violated("a read saw revision " + ToString(revision) + " although index " + ToString(index) +
                ", which is revision " + ToString(expected) +
                ", had been committed when it was asked for"));
}

}  // namespace sim
