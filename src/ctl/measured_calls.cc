#include "ctl/measured_calls.h"

#include <chrono>
#include <utility>

namespace ctl {

uint64_t CallResults::failed() const {
  uint64_t sum = 0;
  for (const auto& [error, count] : errors) sum += count;
  return sum;
}

MeasuredCalls::MeasuredCalls(size_t kinds, const LoadOptions& options, Begin begin,
                             runtime::posix::Parker* parker)
    : kinds_(kinds),
      begin_(std::move(begin)),
      parker_(*parker),
      results_(kinds),
      thread_("measured-calls", 1),
      loop_(*thread_.NewLoop(runtime::posix::LoopPool::Turns::kMayBlock)) {
  loop_.Post([this, options] {
    load_ = std::make_unique<Load>(
        &loop_, options,
        [this](size_t client, uint64_t number, Load::Done done) {
          // Since what is called on another thread must be copied.
          const auto shared = std::make_shared<Load::Done>(std::move(done));
          begin_(client, number, [this, number, shared](const std::string& error) {
            loop_.Post([this, number, error, shared] { OnEnded(number, error, shared.get()); });
          });
        },
        [this](const LoadEnding& ending) { Record(ending); }, [this] { End(); });
    load_->Start(loop_.clock().Now());
  });
}

void MeasuredCalls::Wait(const std::function<bool()>& is_enough,
                         std::optional<runtime::Duration> period) {
  while (!ended_) {
    parker_.Park(period);
    if (!is_enough()) continue;
    loop_.Post([this] {
      if (load_ != nullptr) load_->Stop();
    });
  }
}

std::vector<CallResults> MeasuredCalls::results() const {
  const std::lock_guard lock(mutex_);
  return results_;
}

void MeasuredCalls::OnEnded(uint64_t number, const std::string& error, Load::Done* done) {
  ++answered_;
  const size_t kind = number % kinds_;
  if (error.empty()) return (*done)({}, kind);
  {
    const std::lock_guard lock(mutex_);
    ++results_[kind].errors[error];
  }
  (*done)(base::Status(base::Code::kUnknown, error), kind);
}

void MeasuredCalls::Record(const LoadEnding& ending) {
  if (!ending.status.ok()) return;
  const std::lock_guard lock(mutex_);
  results_[ending.kind].latencies.Record(ending.latency);
}

void MeasuredCalls::End() {
  seconds_ = std::chrono::duration<double>(load_->took()).count();
  // It ends on its loop, and not inside its own call.
  loop_.Post([this] {
    load_.reset();
    ended_ = true;
    parker_.Unpark();
  });
}

}  // namespace ctl
