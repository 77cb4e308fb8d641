#include "api/v3/leader_watch.h"

#include <utility>

#include "api/v3/stream_call.h"
#include "base/errors.h"

namespace v3 {
namespace {

constexpr int kLooksMax = 3;

}  // namespace

LeaderWatch::LeaderWatch(runtime::Loop* loop, const server::Progress* progress,
                         runtime::Duration election_timeout)
    : loop_(loop), progress_(progress), election_timeout_(election_timeout) {}

void LeaderWatch::Add(std::weak_ptr<StreamCall> stream) {
  if (timer_ == nullptr) timer_ = loop_->NewTimer([this] { Look(); });
  if (streams_.empty()) {
    looks_without_leader_ = 0;
    timer_->Arm(election_timeout_);
  }
  streams_.push_back(std::move(stream));
}

void LeaderWatch::Look() {
  looks_without_leader_ = progress_->leader == 0 ? looks_without_leader_ + 1 : 0;
  if (looks_without_leader_ == kLooksMax) End();
  std::erase_if(streams_, [](const std::weak_ptr<StreamCall>& each) { return each.expired(); });
  if (!streams_.empty()) timer_->Arm(election_timeout_);
}

void LeaderWatch::End() {
  for (const std::weak_ptr<StreamCall>& each : std::exchange(streams_, {})) {
    if (const std::shared_ptr<StreamCall> stream = each.lock()) {
      stream->EndWith(base::errors::kNoLeader);
    }
  }
}

}  // namespace v3
