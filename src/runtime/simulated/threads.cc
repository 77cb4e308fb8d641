#include "runtime/simulated/threads.h"

#include <utility>

#include "base/check.h"

namespace runtime::simulated {

Threads::Threads(Scheduler* scheduler, std::string name)
    : scheduler_(*scheduler), loop_(scheduler->NewLoop(std::move(name))) {}

Threads::~Threads() {
  CHECK(fibers_.empty());
}

void Threads::Start(base::Callback<void()> body) {
  Fiber* const fiber = fibers_.emplace_back(std::make_unique<Fiber>(std::move(body))).get();
  loop_->Post([this, fiber] { Run(fiber); });
}

void Threads::Run(Fiber* fiber) {
  fiber->Resume();
  if (!fiber->ended()) return;
  std::erase_if(fibers_, [fiber](const auto& one) { return one.get() == fiber; });
}

void Threads::Wait(const std::function<void(const std::function<void()>& end)>& start) {
  Fiber* const fiber = Fiber::Current();
  CHECK(fiber != nullptr);
  bool has_ended = false;
  bool is_suspended = false;
  const std::function<void()> end = [&] {
    has_ended = true;
    if (is_suspended) loop_->Post([this, fiber] { Run(fiber); });
  };
  start(end);
  if (has_ended) return;
  is_suspended = true;
  Fiber::Suspend();
  CHECK(has_ended);
}

void Threads::Sleep(Duration duration) {
  Fiber* const fiber = Fiber::Current();
  CHECK(fiber != nullptr);
  scheduler_.RunAt(scheduler_.clock().Now() + duration, loop_.get(), [this, fiber] { Run(fiber); });
  Fiber::Suspend();
}

}  // namespace runtime::simulated
