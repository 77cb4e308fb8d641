#include "raft/invariants.h"

#include <algorithm>

#include "base/crc32c.h"
#include "raft/quorum.h"

namespace raft {
namespace {

std::string Text(const char* text) {
  return text;
}
template <typename Tag, typename Rep>
std::string Text(base::Tagged<Tag, Rep> value) {
  return ToString(value);
}

template <typename... Parts>
base::Status Broken(const Parts&... parts) {
  return base::Status(base::Code::kInternal, "raft invariant: " + (Text(parts) + ...));
}

template <typename... Parts>
base::Status Holds(bool condition, const Parts&... parts) {
  return condition ? base::Status() : Broken(parts...);
}

base::Status CheckLog(const Node& node) {
  RETURN_IF_ERROR(node.failure());
  const Log& log = node.log();
  RETURN_IF_ERROR(Holds(log.applied() <= log.applying(), "applied ", log.applied(), " <= applying ",
                        log.applying()));
  RETURN_IF_ERROR(Holds(log.applying() <= log.committed(), "applying ", log.applying(),
                        " <= committed ", log.committed()));
  RETURN_IF_ERROR(Holds(log.committed() <= log.LastIndex(), "committed ", log.committed(),
                        " <= last ", log.LastIndex()));
  RETURN_IF_ERROR(Holds(log.FirstIndex() <= log.committed() + 1, "first ", log.FirstIndex(),
                        " <= committed ", log.committed(), " + 1"));
  RETURN_IF_ERROR(Holds(log.Last().term <= node.term(), "the last entry's term ", log.Last().term,
                        " <= term ", node.term()));

  const Unstable& unstable = log.unstable();
  RETURN_IF_ERROR(Holds(unstable.offset() <= unstable.in_progress_end(), "offset ",
                        unstable.offset(), " <= in progress ", unstable.in_progress_end()));
  RETURN_IF_ERROR(Holds(unstable.in_progress_end() <= unstable.entries().end(), "in progress ",
                        unstable.in_progress_end(), " <= end ", unstable.entries().end()));
  Index index = unstable.offset();
  Term term = log.TermAt(index - 1).value_or(Term(0));
  for (const Entry& entry : unstable.entries().Slice(index, unstable.entries().end())) {
    RETURN_IF_ERROR(Holds(entry.index == index, "entry ", entry.index, " is at ", index));
    RETURN_IF_ERROR(Holds(term <= entry.term, "terms never decrease: ", term, " before ",
                          entry.term, " at ", index));
    ++index;
    term = entry.term;
  }
  return {};
}

base::Status CheckProgress(MemberId member, const Progress& progress, Index last) {
  RETURN_IF_ERROR(Holds(progress.match() < progress.next(), "match ", progress.match(), " < next ",
                        progress.next(), " of ", member));
  RETURN_IF_ERROR(Holds(progress.match() <= last, "match ", progress.match(), " of ", member,
                        " <= last ", last));
  const bool snapshot = progress.state() == ProgressState::kSnapshot;
  RETURN_IF_ERROR(Holds(snapshot == (progress.pending_snapshot() > Index(0)), "only ", member,
                        " in the snapshot state has a pending snapshot"));
  RETURN_IF_ERROR(
      Holds(progress.state() == ProgressState::kReplicate || progress.inflights().count() == 0,
            "only in the replicate state are appends of ", member, " in flight"));
  return {};
}

base::Status CheckLeaderState(const Node& node, const Leader& leader) {
  const Membership& membership = node.membership();
  const MemberSet members = membership.Members();
  RETURN_IF_ERROR(Holds(leader.progress.size() == members.size(), "each member has a progress"));
  for (const auto& [member, progress] : leader.progress) {
    RETURN_IF_ERROR(Holds(members.Contains(member), "progress of ", member, ", who is no member"));
    RETURN_IF_ERROR(Holds(progress.learner() == membership.learners.Contains(member),
                          "progress of ", member, " knows whether it is a learner"));
    RETURN_IF_ERROR(CheckProgress(member, progress, node.log().LastIndex()));
  }
  RETURN_IF_ERROR(Holds(leader.pending_conf_index <= node.log().LastIndex(), "pending conf change ",
                        leader.pending_conf_index, " <= last ", node.log().LastIndex()));
  return {};
}

}  // namespace

base::Status CheckState(const Node& node) {
  RETURN_IF_ERROR(CheckLog(node));
  RETURN_IF_ERROR(node.membership().Check());
  if (node.role() == Role::kCandidate || node.role() == Role::kLeader) {
    RETURN_IF_ERROR(Holds(node.vote() == node.id(), "a candidate votes for itself, ", node.id(),
                          " voted for ", node.vote()));
  }
  if (const Leader* leader = node.AsLeader(); leader != nullptr) {
    return CheckLeaderState(node, *leader);
  }
  return {};
}

NodeSummary NodeSummary::Of(const Node& node) {
  return {.term = node.term(),
          .vote = node.vote(),
          .committed = node.log().committed(),
          .applied = node.log().applied(),
          .last = node.log().LastIndex(),
          .role = node.role()};
}

base::Status CheckTransition(const NodeSummary& before, const NodeSummary& after) {
  RETURN_IF_ERROR(Holds(before.term <= after.term, "term ", before.term, " -> ", after.term));
  RETURN_IF_ERROR(Holds(before.committed <= after.committed, "committed ", before.committed, " -> ",
                        after.committed));
  RETURN_IF_ERROR(
      Holds(before.applied <= after.applied, "applied ", before.applied, " -> ", after.applied));
  if (before.term != after.term) return {};
  RETURN_IF_ERROR(Holds(before.vote == kNobody || before.vote == after.vote, "vote ", before.vote,
                        " -> ", after.vote, " in term ", after.term));
  const bool led = before.role == Role::kLeader && after.role == Role::kLeader;
  RETURN_IF_ERROR(Holds(!led || before.last <= after.last, "a leader only appends: last ",
                        before.last, " -> ", after.last));
  return {};
}

base::Status CheckRestart(const HardState& saved, const NodeSummary& after) {
  return CheckTransition({.term = saved.term, .vote = saved.vote, .committed = saved.commit},
                         after);
}

ClusterInvariants::Fingerprint ClusterInvariants::FingerprintOf(const Entry& entry) {
  return {entry.term, entry.type, base::Crc32c(entry.data.view())};
}

base::Status ClusterInvariants::Check(const Node& node) {
  if (node.role() == Role::kLeader) RETURN_IF_ERROR(CheckLeader(node));
  return CheckCommitted(node);
}

base::Status ClusterInvariants::CheckLeader(const Node& node) {
  const auto [leader, elected] = leaders_.emplace(node.term(), node.id());
  RETURN_IF_ERROR(Holds(leader->second == node.id(), "election safety: ", leader->second, " and ",
                        node.id(), " lead term ", node.term()));
  if (!elected) return {};
  const Log& log = node.log();
  for (size_t at = log.FirstIndex().value(); at < committed_.size(); ++at) {
    const Committed& committed = committed_[at];
    // What a later term committed, an earlier term's leader need not have.
    if (committed.fingerprint.term == Term(0) || committed.commit_term >= node.term()) continue;
    RETURN_IF_ERROR(Holds(log.Matches({committed.fingerprint.term, Index(at)}),
                          "leader completeness: ", node.id(), " leads term ", node.term(),
                          " without committed entry ", Index(at)));
  }
  return {};
}

base::Status ClusterInvariants::CheckCommitted(const Node& node) {
  const Log& log = node.log();
  Index& checked = checked_commit_[node.id()];
  checked = std::max(checked, log.FirstIndex() - 1);
  if (log.committed() <= checked) return {};
  std::vector<Entry> entries;
  if (!log.Read(checked + 1, log.committed() + 1, kNoLimit, &entries)) {
    return Broken("the log of ", node.id(), " does not hold what it says");
  }
  for (const Entry& entry : entries) RETURN_IF_ERROR(Record(entry, node));
  checked = log.committed();
  return {};
}

base::Status ClusterInvariants::Record(const Entry& entry, const Node& node) {
  const size_t at = entry.index.value();
  if (at >= committed_.size()) committed_.resize(at + 1);
  Committed& known = committed_[at];
  if (known.fingerprint.term == Term(0)) {
    known = {FingerprintOf(entry), node.term()};
    ++committed_entries_;
    return {};
  }
  RETURN_IF_ERROR(Holds(known.fingerprint == FingerprintOf(entry),
                        "state machine safety: ", node.id(), " commits another entry ", entry.index,
                        " (term ", entry.term, " against ", known.fingerprint.term, ")"));
  return {};
}

base::Status ClusterInvariants::CheckLogMatching(const Node& a, const Node& b) {
  const Index low = std::max(a.log().FirstIndex(), b.log().FirstIndex());
  Index high = std::min(a.log().LastIndex(), b.log().LastIndex());
  while (high >= low && a.log().TermAt(high) != b.log().TermAt(high)) --high;
  if (high < low) return {};
  std::vector<Entry> of_a;
  std::vector<Entry> of_b;
  if (!a.log().Read(low, high + 1, kNoLimit, &of_a) ||
      !b.log().Read(low, high + 1, kNoLimit, &of_b)) {
    return Broken("a log does not hold what it says");
  }
  for (size_t i = 0; i < of_a.size(); ++i) {
    RETURN_IF_ERROR(Holds(of_a[i] == of_b[i], "log matching: ", a.id(), " and ", b.id(),
                          " agree on the term at ", high, " but differ at ", of_a[i].index));
  }
  return {};
}

base::Status ClusterInvariants::CheckApplied(MemberId node, std::span<const Entry> entries) {
  for (const Entry& entry : entries) {
    const auto [applied, first] = applied_.emplace(node, entry.index - 1);
    RETURN_IF_ERROR(Holds(entry.index == applied->second + 1, "entries are applied in order: ",
                          node, " applies ", entry.index, " after ", applied->second));
    applied->second = entry.index;
    const size_t at = entry.index.value();
    RETURN_IF_ERROR(
        Holds(at < committed_.size() && committed_[at].fingerprint == FingerprintOf(entry),
              "only committed entries are applied: ", node, " at ", entry.index));
  }
  return {};
}

}  // namespace raft
