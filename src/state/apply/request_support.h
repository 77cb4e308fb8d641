#pragma once

#include "raft/types.h"
#include "state/members/extensions.h"

namespace etcdserverpb {
class InternalRaftRequest;
}

// What entries of the log this version can carry out. One that it cannot ends the member that meets
// it (see Applier), and it stays in the log of all: so none may get there.

namespace apply {

// Whether what it asks for is one of the requests known here. Of a transaction that is said of the
// whole, not of its operations.
bool IsSupported(const etcdserverpb::InternalRaftRequest& request);

// Whether `entry`, proposed by another member, can be carried out by a member that understands
// `extensions`, whatever the answer would be. Members propose changes of the configuration one at a
// time, of the old kind (raft::ConfChange), and of nobody but the member that they name.
bool CanBeApplied(const raft::Entry& entry, const members::Extensions& extensions);

}  // namespace apply
