#pragma once

#include <cstdint>
#include <map>

#include "runtime/time.h"

namespace server {

// Gives out times, each in a slot of its own: so many that ask for the same one get times that
// follow each other at a pace. Memory as there are gaps between those that were given out.
class PacedTimes {
 public:
  // Slots of that length, the first of which begins at `from`.
  PacedTimes(runtime::TimePoint from, runtime::Duration slot) : from_(from), slot_(slot) {}

  // The first at or after `earliest` whose slot is free; it is not any more. `earliest` is not
  // before the first slot.
  runtime::TimePoint Take(runtime::TimePoint earliest);

 private:
  const runtime::TimePoint from_;
  const runtime::Duration slot_;
  std::map<int64_t, int64_t> taken_;  // runs of slots: the first, and the one behind the last
};

}  // namespace server
