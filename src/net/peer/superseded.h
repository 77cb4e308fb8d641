#pragma once

#include <vector>

#include "raft/types.h"

namespace peer {

// Removes from `*messages`, which are sent at one time, answers to appends that another one to the
// same leader makes needless: what acknowledges an index acknowledges all before it. Refusals and
// the order of the others stay.
void RemoveSuperseded(std::vector<raft::Message>* messages);

}  // namespace peer
