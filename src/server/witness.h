#pragma once

#include <span>

#include "raft/node.h"
#include "raft/types.h"
#include "state/apply/applier.h"

namespace server {

// Sees what a member does, on the loops that do it, and checks it: for simulations. It must not
// call the member back.
class Witness {
 public:
  virtual ~Witness() = default;
  // The raft loop: the node was made, from what was recovered.
  virtual void OnStarted(const raft::Node& node, const raft::HardState& saved,
                         base::Index applied) = 0;
  // It took an input, or gave its output away.
  virtual void OnStep(const raft::Node& node) = 0;
  // The apply loop: these entries follow those before.
  virtual void OnCommitted(std::span<const raft::Entry> entries) = 0;
  // A snapshot of that entry takes the place of what came before.
  virtual void OnSnapshot(raft::EntryId at) = 0;
  // The state is at another entry: after a slice of entries, or in place of another state.
  virtual void OnApplied(apply::Applier& applier) = 0;
};

}  // namespace server
