#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

// The text forms that Go's strconv gives to values. etcd's flags, environment, errors and tools are
// written in them, and people's scripts rely on what they accept.

namespace base {

// "text" in double quotes, as %q prints it: quotes, backslashes, characters that are not
// IsGoPrintable and bytes that are not UTF-8 are escaped.
std::string Quote(std::string_view text);
// strconv.IsPrint: can be seen, or is a plain space.
bool IsGoPrintable(char32_t character);

// 1 t T true True TRUE, 0 f F false False FALSE.
Result<bool> ParseGoBool(std::string_view text);

// Decimal, or with a prefix 0x, 0o, 0b or 0 in that base; single underscores may stand between
// digits. kOutOfRange with "value out of range", otherwise kInvalidArgument
// with "invalid syntax".
Result<int64_t> ParseGoInt(std::string_view text);
// The same without a sign.
Result<uint64_t> ParseGoUint(std::string_view text);

// The parts between separators: one more than there are separators, so one for the empty text.
std::vector<std::string> Split(std::string_view text, char separator);
std::string Join(const std::vector<std::string>& parts, std::string_view separator);

// `text` without ASCII white space at both ends.
std::string_view TrimSpace(std::string_view text);

// The length of the UTF-8 sequence that `text` begins with; 0 if it begins with none (truncated,
// overlong, a surrogate, beyond U+10FFFF). `text` is not empty.
size_t Utf8Length(std::string_view text);
// The character that such a sequence stands for.
char32_t Utf8Decode(std::string_view sequence);
// Whether all of it is UTF-8.
bool IsUtf8(std::string_view text);

}  // namespace base
