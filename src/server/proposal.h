#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "base/shared_bytes.h"
#include "raft/types.h"
#include "runtime/time.h"

namespace server {

// Something that is to become an entry of the log.
struct Proposal {
  uint64_t id = 0;
  // From then on nobody waits for it, and it is not put into the log any more.
  runtime::TimePoint deadline = {};
  base::Term term = {};            // not 0: in which this member must lead, or it is refused
  base::SharedBytes payload = {};  // of a normal entry
  std::unique_ptr<raft::ConfChange> change = nullptr;  // or this
};

// What one origin (see RequestIds) proposes within a turn of its loop, in order.
struct ProposalBatch {
  size_t origin = 0;
  std::vector<Proposal> proposals;
};

}  // namespace server
