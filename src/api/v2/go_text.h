#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/bytes.h"

// Texts as Go writes and reads them, beside base/go_text.h.

namespace v2 {

// "2026-11-28T17:44:52.123Z": RFC 3339 in UTC, of nanoseconds since 1970.
std::string Rfc3339(int64_t nanoseconds);

// As encoding/json writes a number below 1e15.
std::string JsonNumber(double value);

// strconv.ParseUint of decimal digits.
std::optional<uint64_t> ParseUint(base::ByteView text);

}  // namespace v2
