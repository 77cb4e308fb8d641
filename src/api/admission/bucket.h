#pragma once

#include <atomic>
#include <cstdint>

#include "runtime/time.h"

namespace admission {

// How much of a rate is left, as one number: the moment at which all that was taken would have come
// at that rate (the virtual scheduling of ITU-T I.371's generic cell rate algorithm). What is not
// used is saved up for as long as `burst`. Any thread; of several that take at once each is let in
// by what it saw, and all of it counts.
class Bucket {
 public:
  // 0 a second: there is no limit.
  Bucket(uint64_t per_second, runtime::Duration burst) : per_second_(per_second), burst_(burst) {}

  // Until there is room for the next; 0: now.
  runtime::Duration Wait(runtime::TimePoint now) const;
  // Whatever it is, and whether or not there is room: what comes later waits for it, but no longer
  // than kDebtMax beyond the burst.
  void Take(uint64_t units, runtime::TimePoint now);

  static constexpr runtime::Duration kDebtMax = std::chrono::seconds(10);

 private:
  const uint64_t per_second_;
  const runtime::Duration burst_;
  std::atomic<int64_t> done_ = 0;  // a runtime::TimePoint, in its count
};

}  // namespace admission
