#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "state/v2/event.h"

namespace v2 {

// What was done by this member since its start, its own reads among it. Any thread.
class Statistics {
 public:
  void Count(Action action, bool is_success) {
    counts_[static_cast<size_t>(action)][is_success ? 1 : 0].fetch_add(1,
                                                                       std::memory_order_relaxed);
  }
  uint64_t count(Action action, bool is_success) const {
    return counts_[static_cast<size_t>(action)][is_success ? 1 : 0].load(std::memory_order_relaxed);
  }
  // Counts as kGet, too.
  void CountRead(bool is_recursive, bool is_success) {
    Count(Action::kGet, is_success);
    if (is_recursive) recursive_[is_success ? 1 : 0].fetch_add(1, std::memory_order_relaxed);
  }
  // The reads of whole directories.
  uint64_t recursive(bool is_success) const {
    return recursive_[is_success ? 1 : 0].load(std::memory_order_relaxed);
  }

 private:
  std::array<std::array<std::atomic<uint64_t>, 2>, static_cast<size_t>(kActionLast) + 1> counts_ =
      {};
  std::array<std::atomic<uint64_t>, 2> recursive_ = {};
};

}  // namespace v2
