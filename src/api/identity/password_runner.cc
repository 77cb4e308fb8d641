#include "api/identity/password_runner.h"

#include <algorithm>
#include <utility>

namespace identity {
namespace {

// For work of 60 ms.
constexpr runtime::Duration kPatience = std::chrono::seconds(1);
constexpr runtime::Duration kSteadyTime = std::chrono::seconds(10);

}  // namespace

PasswordRunner::PasswordRunner(Lanes lanes, runtime::Loop* loop) : lanes_(lanes), loop_(*loop) {}

bool PasswordRunner::Run(std::shared_ptr<const PasswordWork> work, OnDone* on_done) {
  const runtime::TimePoint now = loop_.clock().Now();
  const bool is_steady = now < steady_until_;
  const bool is_first = !is_steady && !DependsOnIdle();
  const uint64_t id = next_id_++;
  if (!Begin(id, work, is_steady)) return false;
  running_.emplace(id, Running{std::move(work), std::move(*on_done), is_steady});
  if (is_first) {
    last_progress_ = now;
    if (timer_ == nullptr) timer_ = loop_.NewTimer([this] { OnTimer(); });
    timer_->Arm(kPatience);
  }
  return true;
}

bool PasswordRunner::Begin(uint64_t id, const std::shared_ptr<const PasswordWork>& work,
                           bool is_steady) {
  const auto outcome = std::make_shared<PasswordWork::Outcome>();
  runtime::Workers& workers = is_steady ? *lanes_.steady : *lanes_.idle;
  return workers.Run([work, outcome] { *outcome = work->Run(); }, &loop_,
                     [weak = weak_from_this(), id, is_steady, outcome] {
                       const auto self = weak.lock();
                       if (self != nullptr) self->OnDoneBy(id, is_steady, std::move(*outcome));
                     });
}

void PasswordRunner::OnDoneBy(uint64_t id, bool is_steady, PasswordWork::Outcome outcome) {
  if (!is_steady) last_progress_ = loop_.clock().Now();
  auto done = running_.extract(id);
  if (!done.empty()) done.mapped().on_done(std::move(outcome));
}

bool PasswordRunner::DependsOnIdle() const {
  return std::any_of(running_.begin(), running_.end(),
                     [](const auto& entry) { return !entry.second.is_steady; });
}

void PasswordRunner::OnTimer() {
  if (!DependsOnIdle()) return;
  const runtime::TimePoint now = loop_.clock().Now();
  if (now < last_progress_ + kPatience) return timer_->Arm(last_progress_ + kPatience - now);
  steady_until_ = now + kSteadyTime;
  for (auto& [id, running] : running_) {
    if (!running.is_steady) running.is_steady = Begin(id, running.work, /*is_steady=*/true);
  }
  timer_->Arm(kPatience);  // for what the steady ones had no room for
}

}  // namespace identity
