#pragma once

#include <string>
#include <vector>

#include "raft/membership.h"
#include "raft/progress.h"
#include "raft/testing/transcript.h"

namespace raft::testing {

// "v1 l2": voter 1, learner 2; r: remove, u: update.
std::vector<ConfChangeSingle> ParseChanges(const std::string& text);

// Runs the confchange transcripts: `simple`, `enter-joint [autoleave=true]` and `leave-joint`
// change one configuration step by step; the input names the changes.
// Prints the configuration and the leader's progress, or why not. The log
// grows by one entry with each step.
class ConfChangeTranscript {
 public:
  std::string Handle(const Case& c);

 private:
  Membership membership_;
  ProgressMap progress_;
  Index last_index_;
};

}  // namespace raft::testing
