#pragma once

#include <map>
#include <vector>

#include "observe/log.h"
#include "observe/metrics.h"
#include "raft/types.h"
#include "runtime/time.h"

namespace server {

// Whether this member, as the leader, sends its heartbeats in time: each member's next one within
// two intervals of the one before, as etcd counts it. One that comes later is counted in
// etcd_server_heartbeat_send_failures_total and told in the log: the raft loop did not run. Keeps a
// time for each member that it leads. Belongs to the raft loop.
class LateHeartbeats {
 public:
  // `logger` outlives it.
  LateHeartbeats(runtime::Duration interval, const observe::Logger* logger,
                 observe::Registry* registry);

  // `messages` leave at `now`; of any kind.
  void OnSend(const std::vector<raft::Message>& messages, runtime::TimePoint now);
  // Another member leads, or nobody: what was sent before says nothing any more.
  void OnLeader() { sent_.clear(); }

 private:
  void OnHeartbeat(base::MemberId to, runtime::TimePoint now);

  const runtime::Duration interval_;
  const observe::Logger& logger_;
  observe::Counter late_;
  std::map<base::MemberId, runtime::TimePoint> sent_;
};

}  // namespace server
