#pragma once

#include <atomic>
#include <cstdint>
#include <optional>

#include "runtime/time.h"

namespace runtime::posix {

// Where one thread sleeps until another one wakes it, at the price of one system call each. A
// condition variable costs one more: it takes its mutex as one that others wait for.
class Parker {
 public:
  Parker() = default;
  Parker(const Parker&) = delete;
  Parker& operator=(const Parker&) = delete;

  // Returns once Unpark was called after the last Park returned, or, if there is such a time, when
  // `timeout` has passed, or a little before. One thread at a time.
  void Park(std::optional<Duration> timeout = std::nullopt);
  // Any thread. What it wrote before is seen by the thread that wakes.
  void Unpark();

 private:
  std::atomic<uint32_t> woken_ = 0;
};

}  // namespace runtime::posix
