#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace k8s {

// A moment, as protobuf and Go have it. The nanoseconds count forward.
struct Moment {
  int64_t seconds = 0;  // since 1970, in UTC
  int32_t nanos = 0;

  friend bool operator==(const Moment&, const Moment&) = default;
};

// 0001-01-01T00:00:00Z, Go's time that was never set.
inline constexpr int64_t kZeroTimeSeconds = -62135596800;

// By RFC 3339 in UTC, with `fraction_digits` (0, or 6) behind the seconds.
std::string FormatTime(const Moment& moment, int fraction_digits);
// Any zone, and any fraction or none. Nothing for what is no such time.
std::optional<Moment> ParseTime(std::string_view text);

// Whether YAML 1.1 as Go reads it takes the text for a time: a date alone, and times without a
// zone or with short numbers, too.
bool IsYamlTime(std::string_view text);

}  // namespace k8s
