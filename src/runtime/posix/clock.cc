#include "runtime/posix/clock.h"

#include <sys/random.h>

#include <chrono>

#include "base/check.h"

namespace runtime::posix {

TimePoint Clock::Now() const {
  return TimePoint(std::chrono::steady_clock::now().time_since_epoch());
}

WallTime Clock::WallNow() const {
  const auto since_epoch = std::chrono::system_clock::now().time_since_epoch();
  return WallTime{std::chrono::duration_cast<Duration>(since_epoch).count()};
}

uint64_t EntropySeed() {
  uint64_t seed = 0;
  // At most 256 bytes arrive whole or not at all (getrandom(2)).
  CHECK_EQ(::getrandom(&seed, sizeof seed, 0), static_cast<ssize_t>(sizeof seed));
  return seed;
}

}  // namespace runtime::posix
