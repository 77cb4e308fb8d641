#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/ids.h"
#include "runtime/time.h"

namespace server {

// Names requests as etcd does: the member's low 16 bits, then 48 bits that begin with the
// milliseconds of the process's start and count up. Numbers are dealt to the origins in turn, so
// that a request's number tells which of them waits for it. Numbers repeat across restarts only if
// the earlier process dealt more than 256 a millisecond on average, if the clock was set back, or
// after 2^40 ms (35 years).
class RequestIds {
 public:
  RequestIds(base::MemberId member, runtime::WallTime start, size_t origins)
      : prefix_(member.value() << 48), first_(FirstSuffix(start)), origins_(origins) {}

  size_t origins() const { return origins_; }

  // The `count`-th request of an origin, counted from 0.
  uint64_t Of(size_t origin, uint64_t count) const {
    return prefix_ | ((first_ + count * origins_ + origin) & kSuffixMask);
  }
  // Whose request it is; nothing if it is none of this process.
  std::optional<size_t> OriginOf(uint64_t id) const {
    const uint64_t suffix = id & kSuffixMask;
    if ((id & ~kSuffixMask) != prefix_ || suffix < first_) return std::nullopt;
    return (suffix - first_) % origins_;
  }

 private:
  static constexpr uint64_t kSuffixMask = (uint64_t{1} << 48) - 1;

  static uint64_t FirstSuffix(runtime::WallTime start) {
    const auto millis = static_cast<uint64_t>(start.unix_nanos / 1'000'000);
    return (millis << 8) & kSuffixMask;
  }

  const uint64_t prefix_;
  const uint64_t first_;
  const uint64_t origins_;
};

}  // namespace server
