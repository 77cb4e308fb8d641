#include "ctl/interruption.h"

#include <utility>

#include "runtime/posix/signals.h"

namespace ctl {

Interruption::Interruption(std::function<void()> arrived) {
  runtime::posix::HoldTerminationSignals();
  // Which keeps them off from its start.
  thread_ = std::make_unique<runtime::posix::LoopPool>("signals", 1);
  thread_->NewLoop(runtime::posix::LoopPool::Turns::kMayBlock)
      ->Post([this, arrived = std::move(arrived)] {
        runtime::posix::WaitForTerminationSignal();
        // Else it was told to by this itself.
        if (!waiting_.exchange(false)) return;
        handle_.Cancel();
        arrived();
      });
}

Interruption::~Interruption() {
  if (waiting_.exchange(false)) runtime::posix::SendTerminationSignal();
}

}  // namespace ctl
