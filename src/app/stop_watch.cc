#include "app/stop_watch.h"

#include <utility>

namespace app {

StopWatch::StopWatch(const observe::Logger* logger, std::function<void()> give_up)
    : logger_(*logger), give_up_(std::move(give_up)) {}

StopWatch::~StopWatch() {
  if (thread_ != nullptr) thread_->RunAndWait([this] { timer_.reset(); });
}

void StopWatch::Expect(std::string_view what, runtime::Duration at_most) {
  if (thread_ == nullptr) thread_ = std::make_unique<runtime::asio::LoopThread>("stop-watch");
  thread_->RunAndWait([this, what, at_most] {
    timer_ = thread_->loop().NewTimer([this, what, at_most] { GiveUp(what, at_most); });
    timer_->Arm(at_most);
  });
}

void StopWatch::GiveUp(std::string_view what, runtime::Duration waited) const {
  logger_.Log(
      observe::Level::kFatal,
      "the process ends without having stopped, as what it waits for does not come; what is "
      "not on the disk was not acknowledged",
      {{"waits-for", what}, {"waited", waited}});
  give_up_();
}

}  // namespace app
