#pragma once

#include <memory>

#include "runtime/simulated/scheduler.h"
#include "runtime/workers.h"

namespace runtime::simulated {

// Work takes virtual time drawn from a range, so that results arrive in varying order.
class Workers final : public runtime::Workers {
 public:
  struct Options {
    Duration latency_min{0};
    Duration latency_max{0};
    size_t queue_capacity = 1024;
  };
  Workers(Scheduler* scheduler, const Options& options);

  [[nodiscard]] bool Run(base::Callback<void()> work, Loop* reply_to,
                         base::Callback<void()> done) override;

 private:
  Scheduler* const scheduler_;
  const Options options_;
  size_t queued_ = 0;
  // Dropped with the workers, and with it the work that has not run.
  const std::unique_ptr<Loop> loop_;
};

}  // namespace runtime::simulated
