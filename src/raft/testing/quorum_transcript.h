#pragma once

#include <string>

#include "raft/testing/transcript.h"

namespace raft::testing {

// Runs a case of the quorum transcripts:
//   committed cfg=(1,2,3) [cfgj=(3,4)] idx=(100,_,5)   the committed index, with a picture
//   vote      cfg=(1,2,3) [cfgj=(3,4)] votes=(y,n,_)   the vote's result
// Values belong to the members in order, without repetition; `_` is a member that said nothing, and
// cfgj=zero an empty second half.
std::string HandleQuorum(const Case& c);

}  // namespace raft::testing
