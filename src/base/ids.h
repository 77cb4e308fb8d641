#pragma once

#include <cstdint>

#include "base/tagged.h"

namespace base {

// A term of the raft log; 0 before the first election.
using Term = Tagged<struct TermTag, uint64_t>;
// A position in the raft log; the first entry has index 1.
using Index = Tagged<struct IndexTag, uint64_t>;
// A member of the cluster; 0 is nobody.
using MemberId = Tagged<struct MemberIdTag, uint64_t>;
using ClusterId = Tagged<struct ClusterIdTag, uint64_t>;
// The store's logical time: one step a write request. An empty store is at revision 1.
using Revision = Tagged<struct RevisionTag, int64_t>;
// A lease; 0 is no lease.
using LeaseId = Tagged<struct LeaseIdTag, int64_t>;

}  // namespace base
