#include "api/v3/token_waits.h"

#include <utility>

// Why calls are looked at in intervals, and not told by the apply loop: it would keep each of those
// that name an entry which never comes, also when their clients have left.

namespace v3 {

TokenWaits::TokenWaits(runtime::Loop* loop, const server::Progress* progress,
                       runtime::Duration longest)
    : loop_(*loop),
      progress_(*progress),
      longest_(longest),
      timer_(loop->NewTimer([this] { OnTimer(); })) {}

void TokenWaits::Wait(std::shared_ptr<rpc::ServerCall> call, base::Index entry,
                      base::Callback<void()> then) {
  if (waiting_.empty()) timer_->Arm(kInterval);
  waiting_.push_back(
      {std::move(call), entry.value(), loop_.clock().Now() + longest_, std::move(then)});
}

void TokenWaits::OnTimer() {
  const uint64_t applied = progress_.applied;
  const runtime::TimePoint now = loop_.clock().Now();
  for (Waiting& waiting : std::exchange(waiting_, {})) {
    if (!waiting.call->is_open()) continue;
    if (waiting.entry <= applied || waiting.end <= now) {
      waiting.then();
    } else {
      waiting_.push_back(std::move(waiting));
    }
  }
  if (!waiting_.empty()) timer_->Arm(kInterval);
}

}  // namespace v3
