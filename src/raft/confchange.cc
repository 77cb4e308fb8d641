#include "raft/confchange.h"

#include <algorithm>
#include <iterator>
#include <string_view>

namespace raft {
namespace {

base::Status Forbidden(std::string_view rule) {
  return base::Status(base::Code::kFailedPrecondition, rule);
}

void MakeVoter(MemberId member, Membership* membership) {
  membership->learners.Erase(member);
  membership->learners_next.Erase(member);
  membership->voters.incoming.Insert(member);
}

void Remove(MemberId member, Membership* membership) {
  membership->voters.incoming.Erase(member);
  membership->learners.Erase(member);
  membership->learners_next.Erase(member);
}

void MakeLearner(MemberId member, Membership* membership) {
  if (membership->learners.Contains(member)) return;
  Remove(member, membership);
  // Someone who still votes in the outgoing half cannot be a learner at the same time.
  if (membership->voters.outgoing.Contains(member)) {
    membership->learners_next.Insert(member);
  } else {
    membership->learners.Insert(member);
  }
}

base::Status Apply(std::span<const ConfChangeSingle> changes, Membership* membership) {
  for (const ConfChangeSingle& change : changes) {
    if (change.node_id == kNobody) continue;
    switch (change.type) {
      case ConfChangeType::kAddNode:
        MakeVoter(change.node_id, membership);
        break;
      case ConfChangeType::kAddLearnerNode:
        MakeLearner(change.node_id, membership);
        break;
      case ConfChangeType::kRemoveNode:
        Remove(change.node_id, membership);
        break;
      case ConfChangeType::kUpdateNode:
        break;
    }
  }
  if (membership->voters.incoming.empty()) return Forbidden("removed all voters");
  return {};
}

size_t DifferenceOf(const MemberSet& a, const MemberSet& b) {
  std::vector<MemberId> difference;
  std::set_symmetric_difference(a.begin(), a.end(), b.begin(), b.end(),
                                std::back_inserter(difference));
  return difference.size();
}

base::Result<Membership> Checked(Membership membership) {
  RETURN_IF_ERROR(membership.Check());
  return membership;
}

}  // namespace

base::Result<Membership> SimpleChange(const Membership& from,
                                      std::span<const ConfChangeSingle> changes) {
  if (from.voters.IsJoint()) {
    return Forbidden("can't apply simple config change in joint config");
  }
  Membership next = from;
  RETURN_IF_ERROR(Apply(changes, &next));
  if (DifferenceOf(from.voters.incoming, next.voters.incoming) > 1) {
    return Forbidden("more than one voter changed without entering joint config");
  }
  return Checked(std::move(next));
}

base::Result<Membership> EnterJoint(const Membership& from, bool auto_leave,
                                    std::span<const ConfChangeSingle> changes) {
  if (from.voters.IsJoint()) return Forbidden("config is already joint");
  // The first configuration of all is made by simple changes.
  if (from.voters.incoming.empty()) return Forbidden("can't make a zero-voter config joint");
  Membership next = from;
  next.voters.outgoing = next.voters.incoming;
  RETURN_IF_ERROR(Apply(changes, &next));
  next.auto_leave = auto_leave;
  return Checked(std::move(next));
}

base::Result<Membership> LeaveJoint(const Membership& from) {
  if (!from.voters.IsJoint()) return Forbidden("can't leave a non-joint config");
  Membership next = from;
  next.learners = Union(next.learners, next.learners_next);
  next.learners_next.Clear();
  next.voters.outgoing.Clear();
  next.auto_leave = false;
  return Checked(std::move(next));
}

base::Result<Membership> Change(const Membership& from, const ConfChangeV2& change) {
  if (change.LeavesJoint()) return LeaveJoint(from);
  if (!change.EntersJoint()) return SimpleChange(from, change.changes);
  return EnterJoint(from, change.transition != ConfChangeTransition::kJointExplicit,
                    change.changes);
}

}  // namespace raft
