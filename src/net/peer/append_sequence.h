#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "raft/types.h"

namespace peer {

// The appends of one stream, put into the order of the log. One that leaves a gap behind the last
// that was delivered is held for those that belong before it; whoever holds some for longer than
// they need to arrive asks for them.
//
// Compat: leaders of etcd 3.7.0 and 3.7.1 send what they have at one time in reverse (etcd's
// processMessages builds the list back to front). Taken as they come, about half of the appends
// would be refused and sent again.
//
// Holds kHeldBytesMax at most; with more nothing is held.
class AppendSequence {
 public:
  static constexpr uint64_t kHeldBytesMax = 16 << 20;

  // Takes one that has arrived. Adds to `*delivered` what can be delivered now.
  void Take(raft::Message message, std::vector<raft::Message>* delivered);
  // Adds all that is held, in order: what is missing did not come.
  void Release(std::vector<raft::Message>* delivered);

  bool holds() const { return !held_.empty(); }

 private:
  struct Position {
    base::Term term;
    base::Index index;  // of the last entry that was delivered
  };

  bool LeavesGap(const raft::Message& message) const;
  void Deliver(raft::Message message, std::vector<raft::Message>* delivered);

  std::optional<Position> at_;       // nothing before the first
  std::vector<raft::Message> held_;  // of at_'s term, by index
  uint64_t held_bytes_ = 0;
};

}  // namespace peer
