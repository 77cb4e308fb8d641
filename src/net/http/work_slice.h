#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>

#include "runtime/loop.h"

namespace http {

// How much one connection may do before others get their turn: counted in bytes that are looked at,
// and measured in time now and then, since what a request costs is known to its service alone.
class WorkSlice {
 public:
  // What a request counts, beside its bytes.
  static constexpr size_t kRequestWork = 4 * 1024;
  // A slice ends with the work that reaches this, or with runtime::kSliceTime.
  static constexpr size_t kWorkMax = 1024 * 1024;

  void Begin() {
    done_ = 0;
    look_at_ = kWorkBetweenLooks;
    end_.reset();
  }
  // Whether the slice is over once that is done.
  [[nodiscard]] bool Spend(size_t work, const runtime::Clock& clock) {
    done_ = std::min(done_ + work, kWorkMax);
    if (done_ < look_at_) return false;
    look_at_ = std::min(done_ + kWorkBetweenLooks, kWorkMax);
    if (done_ < kWorkMax && !IsTimeUp(clock.Now())) return false;
    done_ = kWorkMax;  // stays over
    return true;
  }

 private:
  // Time is measured from the first look on, so that most input costs none.
  bool IsTimeUp(runtime::TimePoint now) {
    if (!end_.has_value()) end_ = now + runtime::kSliceTime;
    return now >= *end_;
  }

  // Looking at the clock costs some 30 ns.
  static constexpr size_t kWorkBetweenLooks = 32 * 1024;

  size_t done_ = 0;
  size_t look_at_ = 0;
  std::optional<runtime::TimePoint> end_;
};

}  // namespace http
