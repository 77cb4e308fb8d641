#pragma once

#include <atomic>
#include <cstdint>

namespace v2 {

// What all loops of a member have together. Any thread.
struct Totals {
  std::atomic<int64_t> watchers = 0;
  std::atomic<int64_t> started = 0;  // nanoseconds since 1970; 0: not yet
};

}  // namespace v2
