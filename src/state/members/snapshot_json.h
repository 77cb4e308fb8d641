#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
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

// The same read back, as any etcd 3.x wrote it.
struct SnapshotMembership {
  std::vector<Member> members;
  std::vector<base::MemberId> removed;
  std::string cluster_version;     // empty before it was decided
  bool has_other_content = false;  // keys of etcd's API v2
};
// kDataLoss for text that is no such store.
base::Result<SnapshotMembership> SnapshotMembershipFromJson(std::string_view text);
// The file `attributes` of a member, into those fields of `*member`. kDataLoss for text that is no
// such object; nothing has changed then.
base::Status SetAttributesFromJson(std::string_view text, Member* member);

}  // namespace members
