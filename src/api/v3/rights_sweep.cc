#include "api/v3/rights_sweep.h"

#include <utility>

#include "api/v3/watch_call.h"

namespace v3 {

void RightsSweep::Begin() {
  left_.clear();
  for (const auto& [number, call] : calls_) left_.push_back(call->weak());
  if (!posted_) PostSlice();
}

void RightsSweep::PostSlice() {
  posted_ = true;
  loop_.PostSlice([this, alive = std::weak_ptr<bool>(alive_)] {
    if (!alive.expired()) OnSlice();
  });
}

void RightsSweep::OnSlice() {
  posted_ = false;
  if (left_.empty()) return;
  const std::shared_ptr<WatchCall> call = left_.back().lock();
  if (call == nullptr || call->CheckSomeRights()) left_.pop_back();
  if (!left_.empty()) PostSlice();
}

}  // namespace v3
