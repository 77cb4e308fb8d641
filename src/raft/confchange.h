#pragma once

#include <span>

#include "base/result.h"
#include "raft/membership.h"
#include "raft/types.h"

// How a configuration changes (thesis §4.3). Each function returns the next configuration, or
// fails with the rule that forbids the step; `from` is never half changed.

namespace raft {

// Changes at most one voter.
base::Result<Membership> SimpleChange(const Membership& from,
                                      std::span<const ConfChangeSingle> changes);
// Makes the current voters the outgoing half and applies `changes` to the incoming one.
base::Result<Membership> EnterJoint(const Membership& from, bool auto_leave,
                                    std::span<const ConfChangeSingle> changes);
base::Result<Membership> LeaveJoint(const Membership& from);

// The one of the three that `change` stands for.
base::Result<Membership> Change(const Membership& from, const ConfChangeV2& change);

}  // namespace raft
