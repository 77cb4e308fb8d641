#pragma once

#include "runtime/time.h"

namespace runtime::posix {

// The machine's clocks.
class Clock final : public runtime::Clock {
 public:
  TimePoint Now() const override;
  WallTime WallNow() const override;
};

// Eight bytes from the operating system's entropy source: the seed of a process.
uint64_t EntropySeed();

}  // namespace runtime::posix
