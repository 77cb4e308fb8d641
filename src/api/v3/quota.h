#pragma once

#include <cstdint>

#include "base/status.h"
#include "server/server.h"

namespace v3 {

// Keeps requests out of the log that would take more than Options::quota_backend_bytes leaves, or
// for which the disk has no room (server/space_keeper.h, which raises the alarm then).
// Belongs to one net loop.
class Quota {
 public:
  // Both outlive this.
  Quota(server::Server* server, server::Frontend* frontend)
      : server_(*server), frontend_(*frontend) {}

  // kNoSpace for a request of that cost (request_check.h), which then raises the alarm if it was
  // for the quota, and no compaction is under way; one that costs nothing passes always. What is in
  // use counts: compaction alone gives room back.
  base::Status Check(uint64_t cost);

 private:
  void RaiseAlarm();

  server::Server& server_;
  server::Frontend& frontend_;
  bool raising_ = false;
};

}  // namespace v3
