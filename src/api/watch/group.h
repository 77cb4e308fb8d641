#pragma once

#include <cstdint>

#include "api/watch/interests.h"

namespace watch {

// Watchers that have come equally far: the changes of revision `next` are the first that they were
// not told of.
class Group {
 public:
  explicit Group(int64_t first) : next(first) {}

  int64_t next;
  Interests interests;
};

}  // namespace watch
