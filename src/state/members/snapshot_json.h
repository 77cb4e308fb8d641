#pragma once

#include <string>

#include "state/members/membership.h"

namespace members {

// What a `.snap` file says of the cluster: the membership in the JSON of etcd's v2 store, which
// members before 3.6 restore their membership from. `index` is the entry it stands at.
//
//   {"Root":NODE,"WatcherHub":..,"CurrentIndex":N,"Stats":..,"CurrentVersion":2}
//   /0/members/ID/attributes      {"name":..,"clientURLs":[..]}
//   /0/members/ID/raftAttributes  {"peerURLs":[..],"isLearner":true}
//   /0/removed_members/ID         ""
//   /0/version                    "3.7.0"
std::string SnapshotJson(const Membership& membership, base::Index index);

}  // namespace members
