#pragma once

#include "observe/log.h"
#include "observe/metrics.h"
#include "runtime/time.h"
#include "server/metrics.h"
#include "state/apply/reply.h"

namespace etcdserverpb {
class InternalRaftRequest;
}

namespace server {

// Tells operators how long requests take to be applied: all in a histogram, those that took too
// long or failed in the log too. Belongs to the apply loop.
class ApplyReport {
 public:
  // `logger` and `registry` outlive this. What takes longer than `slow` is logged.
  ApplyReport(const observe::Logger* logger, observe::Registry* registry, runtime::Duration slow);

  void Applied(const etcdserverpb::InternalRaftRequest& request, const apply::Reply& reply,
               runtime::Duration took);

 private:
  const observe::Logger& logger_;
  const runtime::Duration slow_;
  RequestDurations durations_;
  observe::Counter slow_requests_;
};

}  // namespace server
