#include "ctl/repeated.h"

#include <utility>

namespace ctl {

Repeated::Repeated(const std::string& name, runtime::Duration period, std::function<void()> act)
    : thread_(std::make_unique<runtime::posix::LoopPool>(name, 1)) {
  thread_->NewLoop(runtime::posix::LoopPool::Turns::kMayBlock)
      ->Post([this, period, act = std::move(act)] {
        while (true) {
          parker_.Park(period);
          if (ended_) return;
          act();
        }
      });
}

Repeated::~Repeated() {
  ended_ = true;
  parker_.Unpark();
}

}  // namespace ctl
