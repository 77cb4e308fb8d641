#include "raft/membership.h"

#include <string>

namespace raft {
namespace {

base::Status Broken(MemberId member, const char* rule) {
  return base::Status(base::Code::kFailedPrecondition, ToString(member) + " is in " + rule);
}

bool HasRepetition(const std::vector<MemberId>& members) {
  return MemberSet(members).size() != members.size();
}

}  // namespace

base::Status Membership::Check() const {
  for (MemberId member : learners_next) {
    if (!voters.outgoing.Contains(member)) return Broken(member, "LearnersNext, but not Voters[1]");
    if (learners.Contains(member)) {
      return Broken(member, "LearnersNext, but is already marked as learner");
    }
  }
  for (MemberId member : learners) {
    if (voters.outgoing.Contains(member)) return Broken(member, "Learners and Voters[1]");
    if (voters.incoming.Contains(member)) return Broken(member, "Learners and Voters[0]");
  }
  if (voters.IsJoint()) return {};
  if (auto_leave) {
    return base::Status(base::Code::kFailedPrecondition, "AutoLeave must be false when not joint");
  }
  return {};
}

ConfState Membership::ToConfState() const {
  return {.voters = voters.incoming.members(),
          .learners = learners.members(),
          .voters_outgoing = voters.outgoing.members(),
          .learners_next = learners_next.members(),
          .auto_leave = auto_leave};
}

base::Result<Membership> Membership::FromConfState(const ConfState& state) {
  for (const auto* members :
       {&state.voters, &state.learners, &state.voters_outgoing, &state.learners_next}) {
    if (HasRepetition(*members) || MemberSet(*members).Contains(kNobody)) {
      return base::Status(base::Code::kFailedPrecondition,
                          "a member is named twice or is 0 in a configuration");
    }
  }
  Membership membership;
  membership.voters = {MemberSet(state.voters), MemberSet(state.voters_outgoing)};
  membership.learners = MemberSet(state.learners);
  membership.learners_next = MemberSet(state.learners_next);
  membership.auto_leave = state.auto_leave;
  if (membership.voters.incoming.empty() && !membership.Members().empty()) {
    return base::Status(base::Code::kFailedPrecondition, "removed all voters");
  }
  RETURN_IF_ERROR(membership.Check());
  return membership;
}

}  // namespace raft
