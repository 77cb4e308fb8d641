#pragma once

#include <chrono>
#include <cstdint>

namespace runtime {

using Duration = std::chrono::nanoseconds;

// Time that never goes back, counted from an arbitrary start. Only differences mean anything.
struct MonotonicEpoch {
  using rep = Duration::rep;
  using period = Duration::period;
  using duration = Duration;
  using time_point = std::chrono::time_point<MonotonicEpoch>;
  static constexpr bool is_steady = true;
};
using TimePoint = MonotonicEpoch::time_point;

// Nanoseconds since 1970-01-01T00:00:00Z. May jump; never used to measure or to order.
struct WallTime {
  int64_t unix_nanos = 0;
  friend constexpr auto operator<=>(WallTime, WallTime) = default;
};

// The source of time. Any thread.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual TimePoint Now() const = 0;
  virtual WallTime WallNow() const = 0;
};

}  // namespace runtime
