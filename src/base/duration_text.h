#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "base/result.h"

// Durations as Go writes and reads them: "1h30m0s", "1.5s", "300ms", "100µs", "5ns".

namespace base {

// The shortest form: leading units that are zero are left out, below a second one unit with a
// fraction. Zero is "0s".
std::string FormatDuration(std::chrono::nanoseconds duration);

// Signed sequence of decimal numbers with a unit (ns, us, µs, ms, s, m, h), "1h15m30.918s"; "0"
// needs none. Fractions of a nanosecond are cut off. Fails with kInvalidArgument and Go's text,
// `time: missing unit in duration "10"`.
Result<std::chrono::nanoseconds> ParseDuration(std::string_view text);

}  // namespace base
