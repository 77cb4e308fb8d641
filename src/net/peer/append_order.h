#pragma once

#include <vector>

#include "raft/types.h"

namespace peer {

// Puts the appends that follow each other in `*messages` into the order of their indexes, those of
// one term each. Others stay where they are.
//
// Compat: leaders of etcd 3.7.0 and 3.7.1 send what they have at one time in reverse (etcd's
// processMessages builds the list back to front). Taken as it comes, about half of it would be
// refused and sent again.
void SortAppends(std::vector<raft::Message>* messages);

}  // namespace peer
