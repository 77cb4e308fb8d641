#include "runtime/simulated/workers.h"

#include <utility>

namespace runtime::simulated {

Workers::Workers(Scheduler* scheduler, const Options& options)
    : scheduler_(scheduler), options_(options), loop_(scheduler->NewLoop("workers")) {}

bool Workers::Run(base::Callback<void()> work, Loop* reply_to, base::Callback<void()> done) {
  if (queued_ >= options_.queue_capacity) return false;
  ++queued_;
  const auto latency = Duration(static_cast<Duration::rep>(
      scheduler_->random().Between(static_cast<uint64_t>(options_.latency_min.count()),
                                   static_cast<uint64_t>(options_.latency_max.count()))));
  scheduler_->RunAt(scheduler_->clock().Now() + latency, loop_.get(),
                    [this, work = std::move(work), reply_to, done = std::move(done)]() mutable {
                      --queued_;
                      work();
                      reply_to->Post(std::move(done));
                    });
  return true;
}

}  // namespace runtime::simulated
