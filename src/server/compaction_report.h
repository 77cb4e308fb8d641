#pragma once

#include <optional>

#include "observe/log.h"
#include "observe/metrics.h"
#include "runtime/time.h"
#include "storage/backend/backend.h"
#include "storage/mvcc/store.h"

namespace server {

// Tells operators of the removal of compacted records, as it is done bit by bit. Belongs to the
// apply loop.
class CompactionReport {
 public:
  // All outlive this.
  struct Parts {
    const runtime::Clock* clock;
    const observe::Logger* logger;
    observe::Registry* registry;
    const backend::Backend* database;
  };
  explicit CompactionReport(const Parts& parts);

  // After some steps that began at `start`, on behalf of a compaction that is under way, or that
  // they ended.
  void Worked(const mvcc::Store& store, runtime::TimePoint start, bool ended);

 private:
  void Ended(const mvcc::Store& store, runtime::Duration took);

  const Parts parts_;
  observe::Histogram pause_milliseconds_;
  observe::Histogram total_milliseconds_;
  observe::Counter keys_;
  observe::Gauge last_;
  std::optional<runtime::TimePoint> start_;  // of the compaction under way
  uint64_t removed_before_ = 0;              // records, when it began
  uint64_t removed_counted_ = 0;
};

}  // namespace server
