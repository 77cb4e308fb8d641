#pragma once

#include <optional>

#include "observe/log.h"
#include "observe/metrics.h"
#include "runtime/time.h"
#include "state/apply/state.h"

namespace server {

// Tells operators of the removal of compacted records, as it is done bit by bit. Belongs to the
// apply loop.
class CompactionReport {
 public:
  // All outlive this.
  CompactionReport(const runtime::Clock& clock, const observe::Logger* logger,
                   observe::Registry* registry);

  // After some steps that began at `start`, on behalf of a compaction that is under way, or that
  // they ended.
  void Worked(apply::State& state, runtime::TimePoint start, bool ended);

 private:
  void Ended(apply::State& state, runtime::Duration took);

  const runtime::Clock& clock_;
  const observe::Logger& logger_;
  observe::Histogram pause_milliseconds_;
  observe::Histogram total_milliseconds_;
  observe::Counter keys_;
  observe::Gauge last_;
  std::optional<runtime::TimePoint> start_;  // of the compaction under way
  uint64_t removed_before_ = 0;              // records, when it began
  uint64_t removed_counted_ = 0;
};

}  // namespace server
