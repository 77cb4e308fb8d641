#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "runtime/time.h"

namespace server {

// How many appends went by, and how fast the last of them. One thread counts, any reads.
class AppendRate {
 public:
  // The rates are those of so many.
  static constexpr size_t kWindow = 200;

  void Count(size_t bytes, runtime::TimePoint now);

  uint64_t count() const { return count_; }
  // Each a second. Compat: zero if there was none for a second.
  struct Rates {
    double messages = 0;
    double bytes = 0;
  };
  Rates At(runtime::TimePoint now) const;

 private:
  // Those of a place are written before the count that covers it.
  std::array<std::atomic<int64_t>, kWindow> times_ = {};  // runtime::TimePoint, in its count
  std::array<std::atomic<uint64_t>, kWindow> bytes_ = {};
  std::atomic<uint64_t> window_bytes_ = 0;
  std::atomic<uint64_t> count_ = 0;
};

}  // namespace server
