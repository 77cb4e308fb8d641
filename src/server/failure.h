#pragma once

#include <atomic>
#include <functional>
#include <utility>

#include "base/status.h"

namespace server {

// How a member ends that must not go on: its disk failed, or its state can no longer be believed.
// The first failure is told to the member's owner, who takes the member down; until then its parts
// see that it has failed and let nothing out: no message, no answer, no write. Other members of the
// process are not touched. Any thread.
class Failure {
 public:
  // `on_failure` runs once, on the thread that failed; it may end the process, but not destroy the
  // member there.
  explicit Failure(std::function<void(const base::Status& why)> on_failure)
      : on_failure_(std::move(on_failure)) {}

  void Report(const base::Status& why) {
    if (!failed_.exchange(true)) on_failure_(why);
  }
  // False, with the failure reported, unless `status` is OK.
  bool Check(const base::Status& status) {
    if (!status.ok()) Report(status);
    return status.ok();
  }
  bool failed() const { return failed_.load(std::memory_order_relaxed); }

 private:
  const std::function<void(const base::Status& why)> on_failure_;
  std::atomic<bool> failed_ = false;
};

}  // namespace server
