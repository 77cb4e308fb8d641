#pragma once

#include "raft/types.h"
#include "state/members/extensions.h"

namespace peer {

// Whether a message that a peer has sent alone, without a database, can do no harm to a member that
// understands `extensions`: it is no snapshot, and proposes nothing that members could not carry
// out. Compat: a proposal that is no request ends all members of a cluster of etcd.
bool IsAcceptable(const raft::Message& message, const members::Extensions& extensions);

}  // namespace peer
