#include "api/v3/rights_sweep.h"

#include "api/v3/watch_call.h"

namespace v3 {

void RightsSweep::Begin() {
  left_.clear();
  for (const auto& [number, call] : calls_) left_.push_back(call->weak());
  work_.Wake();
}

bool RightsSweep::CheckSome() {
  if (left_.empty()) return false;
  const std::shared_ptr<WatchCall> call = left_.back().lock();
  if (call == nullptr || call->CheckSomeRights()) left_.pop_back();
  return !left_.empty();
}

}  // namespace v3
