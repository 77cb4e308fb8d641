#pragma once

#include <cstdint>
#include <optional>

#include "observe/log.h"
#include "raft/node.h"
#include "server/options.h"
#include "server/progress.h"

namespace server {

// Notices that the log's disk stands still: that one write takes as long as three quarters of an
// election timeout. Progress::log_stalls says so then, and a leader hands its part over to the
// voter that has most of its log, again each election timeout as long as that lasts: what it has
// replicated could be committed, but it answers no write before its own disk has it. etcd's leader
// stays. One that leads again soon stays, too: where all disks are slow, leadership would do
// nothing but go round. Counted in ticks, not in time, so that a process which was itself stopped
// is not mistaken for a disk. Belongs to the raft loop.
class LogStall {
 public:
  LogStall(const Options& options, const observe::Logger* logger, Progress* progress);

  // At each tick of raft. `write` is the number of the write under way; nothing if there is none.
  void Tick(std::optional<uint64_t> write, raft::Node* node);

 private:
  bool MayHandOver(const raft::Node& node) const;
  void HandOver(raft::Node* node);

  // After it has handed its part over a leader keeps the next one for so many election timeouts.
  static constexpr uint32_t kRest = 60;

  const bool hands_over_;
  const uint32_t election_ticks_;
  const observe::Logger& logger_;
  Progress& progress_;
  std::optional<uint64_t> write_;
  uint32_t ticks_ = 0;  // that it has been under way
  base::Term handed_over_;
  uint64_t rest_ = 0;  // ticks
};

}  // namespace server
