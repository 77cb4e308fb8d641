#pragma once

#include <set>

#include "base/ids.h"
#include "raft/membership.h"

namespace sim {

// Which members may be harmed at once, so that what a quorum needs is left: of each majority that
// has acknowledged something one member still has it, and those that are whole can go on alone.
//
// Whether so many of the voters are whole, in each configuration that votes now.
bool LeavesQuorum(const raft::Membership& membership, const std::set<base::MemberId>& harmed);

}  // namespace sim
