#include "api/admission/bucket.h"

#include <algorithm>

namespace admission {

runtime::Duration Bucket::Wait(runtime::TimePoint now) const {
  if (per_second_ == 0) return {};
  const runtime::TimePoint done{runtime::Duration(done_)};
  return std::max(done - burst_ - now, runtime::Duration());
}

void Bucket::Take(uint64_t units, runtime::TimePoint now) {
  if (per_second_ == 0) return;
  const double seconds = static_cast<double>(units) / static_cast<double>(per_second_);
  // Why bounded first: many units at a low rate take longer than a Duration can say.
  const double most = std::chrono::duration<double>(burst_ + kDebtMax).count();
  const auto takes = std::chrono::duration_cast<runtime::Duration>(
      std::chrono::duration<double>(std::min(seconds, most)));
  const int64_t begin = now.time_since_epoch().count();
  const int64_t latest = (now + burst_ + kDebtMax).time_since_epoch().count();
  int64_t done = done_;
  int64_t next = 0;
  do {
    next = std::min(std::max(done, begin) + takes.count(), latest);
  } while (!done_.compare_exchange_weak(done, next));
}

}  // namespace admission
