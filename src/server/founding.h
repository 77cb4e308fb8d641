#pragma once

#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "raft/types.h"
#include "server/options.h"
#include "state/members/member.h"

namespace server {

// How a member begins: as one of these, or, without any, in a cluster that has its members already.
struct Founding {
  std::vector<members::Member> members;  // ascending by id
  base::MemberId self;
  base::ClusterId cluster;
};

// The cluster of Options::initial_cluster, with ids as etcd gives them. kFailedPrecondition, in
// etcd's words, if Options::name is none of its members.
base::Result<Founding> FoundCluster(const Options& options);

// A cluster begins with one committed entry for each member, in the order of their identifiers, so
// that all members begin with the same log.
std::vector<raft::Entry> FoundingEntries(const Founding& founding);

}  // namespace server
