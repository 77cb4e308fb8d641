#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <vector>

#include "raft/quorum.h"
#include "raft/types.h"

namespace raft {

// A read that waits for the leader's word.
struct ReadRequest {
  // The member that asks; the leader itself or kNobody for its own clients.
  MemberId from{};
  base::SharedBytes context{};
};

// The leader's queue of reads that a quorum has not confirmed yet (thesis §6.4). Reads have
// positions 1, 2, ... in order of arrival. A heartbeat carries the queue's last position; a member
// that echoes it has confirmed that this leader still led when all reads up to there had arrived.
class ReadOnlyQueue {
 public:
  struct Confirmed {
    ReadRequest request;
    Index index;
  };

  // `commit` is the commit index at arrival, from which the read may be served.
  void Add(Index commit, ReadRequest request);
  // `context` is as sent by HeartbeatContext; anything else is ignored.
  void Acknowledge(MemberId from, base::ByteView context);
  // Takes out the reads that `voters` have confirmed.
  std::vector<Confirmed> TakeConfirmed(const JointConfig& voters);
  // Empty if no read waits.
  base::SharedBytes HeartbeatContext() const;

  bool empty() const { return waiting_.empty(); }

 private:
  uint64_t last_position() const { return confirmed_ + waiting_.size(); }

  std::deque<Confirmed> waiting_;
  // Reads that were confirmed and are gone: waiting_[0] has position confirmed_ + 1.
  uint64_t confirmed_ = 0;
  std::map<MemberId, Index> acked_;
};

}  // namespace raft
