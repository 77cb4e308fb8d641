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

  // After some steps of a compaction, which began at `start`; `ended` if they have finished it.
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
