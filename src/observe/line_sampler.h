#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <string_view>

#include "runtime/time.h"

namespace observe {

// Thins out lines that repeat, so that what clients do a hundred thousand times costs neither the
// time nor the disk of as many lines: of one message the first hundred of a second are written,
// and after them each hundredth. Any thread.
//
// Compat: the rule is that of etcd's logger (zap's sampler). As there, two messages may share a
// counter, if seldom.
class LineSampler {
 public:
  // Whether to write a line with that message.
  bool Admits(std::string_view message, runtime::WallTime now);

  static constexpr uint64_t kFirst = 100;
  static constexpr uint64_t kThereafter = 100;

 private:
  struct Counter {
    std::atomic<int64_t> second = 0;
    std::atomic<uint64_t> lines = 0;  // in that second, about
  };
  std::array<Counter, 1024> counters_;
};

}  // namespace observe
