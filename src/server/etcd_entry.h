#pragma once

#include "base/result.h"
#include "raft/types.h"

namespace server {

// The same entry as this version carries it out. Members before 3.6 told their names and URLs and
// the cluster's version in requests of etcd's API v2, on paths of their own:
//
//   PUT /0/members/ID/attributes    PUT /0/version
//
// and their probes of health read with others, which become empty entries. kUnimplemented, naming
// the entry, for any other request of API v2.
base::Result<raft::Entry> TranslateEtcdEntry(raft::Entry entry);

}  // namespace server
