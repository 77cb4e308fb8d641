#pragma once

#include "base/result.h"
#include "raft/quorum.h"
#include "raft/types.h"

namespace raft {

// The active configuration.
// Invariant: learners do not intersect voters; learners_next is a part of voters.outgoing and does
// not intersect voters.incoming; outside of a joint configuration learners_next is empty and
// auto_leave false.
struct Membership {
  JointConfig voters;
  MemberSet learners;
  // Voters of the outgoing half that become learners when the joint configuration is left.
  MemberSet learners_next;
  // Leave the joint configuration as soon as its change is applied.
  bool auto_leave = false;

  bool Contains(MemberId member) const {
    return voters.Contains(member) || learners.Contains(member);
  }
  // One voter, who alone decides.
  bool IsSingleton() const { return voters.incoming.size() == 1 && !voters.IsJoint(); }
  // One member and no other, be it a learner: nobody is sent anything.
  bool IsAlone() const { return IsSingleton() && learners.empty(); }
  MemberSet Members() const { return Union(voters.Members(), learners); }

  // Fails with the broken invariant's name.
  base::Status Check() const;

  ConfState ToConfState() const;
  // Fails if `state` is not a possible configuration.
  static base::Result<Membership> FromConfState(const ConfState& state);

  friend bool operator==(const Membership&, const Membership&) = default;
};

}  // namespace raft
