#pragma once

#include <optional>

#include "observe/log.h"
#include "raft/node.h"
#include "runtime/loop.h"
#include "server/progress.h"

namespace server {

// Tells in the log, and by Progress::awaits_snapshot, that the member's state is lost and another
// member's snapshot is awaited: when that begins, at most every half a minute as long as it lasts,
// and when it is over. On the raft loop.
class SnapshotWait {
 public:
  // All outlive this.
  SnapshotWait(runtime::Loop* loop, const observe::Logger* logger, Progress* progress)
      : loop_(*loop), logger_(*logger), progress_(*progress) {}

  // Now and then.
  void Look(const raft::Node& node);

 private:
  runtime::Loop& loop_;
  const observe::Logger& logger_;
  Progress& progress_;
  std::optional<runtime::TimePoint> told_;  // while it is awaited
};

}  // namespace server
