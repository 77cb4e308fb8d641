#pragma once

#include <atomic>
#include <cstdint>

namespace v2 {

// What all loops of a member count together. Any thread.
struct Totals {
  std::atomic<int64_t> watchers = 0;
};

}  // namespace v2
