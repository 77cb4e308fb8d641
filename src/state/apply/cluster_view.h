#pragma once

#include <string>
#include <vector>

#include "base/ids.h"
#include "state/alarms/alarms.h"
#include "state/members/downgrade.h"
#include "state/members/member.h"

namespace apply {

// The members, the cluster's version, its downgrade and the alarms, as one entry of the log left
// them.
struct ClusterView {
  std::vector<members::Member> members;  // ascending by id
  std::vector<base::MemberId> removed;   // for good, ascending
  std::string cluster_version;           // "3.7.0"; empty before it is decided
  members::Downgrade downgrade;
  std::vector<alarms::Alarm> alarms;  // ascending
};

}  // namespace apply
