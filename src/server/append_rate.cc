#include "server/append_rate.h"

#include <algorithm>
#include <chrono>

namespace server {

void AppendRate::Count(size_t bytes, runtime::TimePoint now) {
  const uint64_t count = count_;
  const size_t place = count % kWindow;
  window_bytes_ = window_bytes_ - bytes_[place] + bytes;
  bytes_[place] = bytes;
  times_[place] = now.time_since_epoch().count();
  count_ = count + 1;
}

AppendRate::Rates AppendRate::At(runtime::TimePoint now) const {
  const uint64_t count = count_;
  if (count == 0) return {};
  const auto time_of = [this](uint64_t number) {
    return runtime::TimePoint(runtime::Duration(times_[number % kWindow]));
  };
  const uint64_t in_window = std::min<uint64_t>(count, kWindow);
  const runtime::TimePoint last = time_of(count - 1);
  const runtime::Duration took = last - time_of(count - in_window);
  // Not at all, or while others were counted: one alone has no rate.
  if (took <= runtime::Duration(0) || now - last > std::chrono::seconds(1)) return {};
  const double seconds = std::chrono::duration<double>(took).count();
  return {.messages = static_cast<double>(in_window) / seconds,
          .bytes = static_cast<double>(window_bytes_) / seconds};
}

}  // namespace server
