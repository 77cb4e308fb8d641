#pragma once

#include <optional>

#include "observe/log.h"
#include "observe/metrics.h"
#include "runtime/time.h"

namespace app {

// Tells operators of connections that were refused because the file descriptors which are left are
// kept for files: in a metric, and in the log at most every ten seconds. Belongs to the accepting
// loop.
class RefusedConnections {
 public:
  // All outlive this.
  RefusedConnections(const observe::Logger* logger, const runtime::Clock* clock,
                     observe::Registry* registry);

  void Add();

 private:
  const observe::Logger& logger_;
  const runtime::Clock& clock_;
  observe::Counter count_;
  uint64_t untold_ = 0;
  std::optional<runtime::TimePoint> told_at_;
};

}  // namespace app
