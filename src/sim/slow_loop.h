#pragma once

#include <algorithm>
#include <memory>
#include <utility>

#include "runtime/loop.h"
#include "runtime/simulated/scheduler.h"

namespace sim {

// A loop whose tasks take their time, as those of a thread that waits for a disk. They begin in
// their order, each up to `latency_max` after it was posted or, if that is later, after the one
// before began.
class SlowLoop final : public runtime::Loop {
 public:
  SlowLoop(runtime::simulated::Scheduler* scheduler, runtime::Duration latency_max)
      : scheduler_(scheduler), latency_max_(latency_max), loop_(scheduler->NewLoop("slow")) {}

  const runtime::Clock& clock() const override { return loop_->clock(); }
  void Post(base::Callback<void()> task) override {
    const auto latency = runtime::Duration(static_cast<runtime::Duration::rep>(
        scheduler_->random().Below(static_cast<uint64_t>(latency_max_.count()) + 1)));
    free_ = std::max(free_, clock().Now()) + latency;
    scheduler_->RunAt(free_, loop_.get(), std::move(task));
  }
  void PostSlice(base::Callback<void()> task) override { loop_->PostSlice(std::move(task)); }
  std::unique_ptr<runtime::Timer> NewTimer(base::Callback<void()> on_expiry) override {
    return loop_->NewTimer(std::move(on_expiry));
  }
  void AtEndOfTurn(base::Callback<void()> task) override { loop_->AtEndOfTurn(std::move(task)); }
  bool IsCurrent() const override { return loop_->IsCurrent(); }

  // Of tasks that are posted from now on.
  void set_latency_max(runtime::Duration latency_max) { latency_max_ = latency_max; }
  // The one that runs the tasks.
  runtime::Loop* inner() { return loop_.get(); }

 private:
  runtime::simulated::Scheduler* const scheduler_;
  runtime::Duration latency_max_;
  const std::unique_ptr<runtime::Loop> loop_;
  runtime::TimePoint free_;
};

}  // namespace sim
