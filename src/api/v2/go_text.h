#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/bytes.h"

// Texts as Go writes and reads them.

namespace v2 {

// Appends a JSON string, quotes included: '<', '>', '&' and the line separators are escaped, and
// what is no UTF-8 is the replacement character.
void AppendJsonString(base::ByteView text, std::string* json);

// Go's %q, for text whose characters beyond ASCII can be printed.
std::string GoQuoted(base::ByteView text);

// "2026-11-28T17:44:52.123Z": RFC 3339 in UTC, of nanoseconds since 1970.
std::string Rfc3339(int64_t nanoseconds);

// strconv.ParseUint and ParseBool.
std::optional<uint64_t> ParseUint(base::ByteView text);
std::optional<bool> ParseBool(base::ByteView text);

}  // namespace v2
