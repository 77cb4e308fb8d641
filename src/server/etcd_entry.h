#pragma once

#include <cstdint>

#include "base/result.h"
#include "raft/types.h"

namespace server {

// The same entry as this version carries it out. Members before 3.6 told their names and URLs and
// the cluster's version in requests of etcd's API v2, on paths of their own:
//
//   PUT /0/members/ID/attributes    PUT /0/version
//
// and their probes of health read with others, which become empty entries. With kTaken, requests
// for other paths become those of our tree (state/v2). kUnimplemented, naming the entry, for any
// other request of API v2.
enum class V2Keys : uint8_t { kRefused, kTaken };
base::Result<raft::Entry> TranslateEtcdEntry(raft::Entry entry, V2Keys keys);

// Whether it is a request of API v2 that changes what is not the cluster's own.
bool ChangesV2Keys(const raft::Entry& entry);
// Whether it is the request of API v2 by which a member before 3.6 tells its name and URLs.
bool NamesMember(const raft::Entry& entry);
// Whether it is a request of v3, such as etcd writes since 3.0.
bool IsOfV3(const raft::Entry& entry);

}  // namespace server
