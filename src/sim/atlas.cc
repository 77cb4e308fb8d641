#include "sim/atlas.h"

#include <algorithm>

namespace sim {
namespace {

bool HasQuorum(const raft::MemberSet& voters, const std::set<base::MemberId>& harmed) {
  const auto whole = std::count_if(voters.begin(), voters.end(),
                                   [&](base::MemberId id) { return !harmed.contains(id); });
  return static_cast<size_t>(whole) > voters.size() / 2;
}

}  // namespace

bool LeavesQuorum(const raft::Membership& membership, const std::set<base::MemberId>& harmed) {
  return HasQuorum(membership.voters.incoming, harmed) &&
         (!membership.voters.IsJoint() || HasQuorum(membership.voters.outgoing, harmed));
}

}  // namespace sim
