#pragma once

#include "runtime/loop.h"

namespace runtime {

// When a slice of long work is over, for work that is done in steps: after kStepsMax of them, or
// once kSliceTime has passed. Time is measured from the second step on, since most work has but one
// and a look at the clock costs some 30 ns.
class Slice {
 public:
  static constexpr int kStepsMax = 16;

  explicit Slice(const Clock& clock) : clock_(clock) {}

  // Asked before each step: whether the slice is over, and the step belongs to the next one.
  bool IsOver() {
    if (steps_++ == 0) return false;
    if (steps_ > kStepsMax) return true;
    const TimePoint now = clock_.Now();
    if (steps_ == 2) end_ = now + kSliceTime;
    return now >= end_;
  }

 private:
  const Clock& clock_;
  int steps_ = 0;
  TimePoint end_;
};

}  // namespace runtime
