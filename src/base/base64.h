#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/bytes.h"

namespace base {

// Bytes as text, by RFC 4648.
enum class Base64 : uint8_t {
  kPlain,   // section 4, without padding
  kPadded,  // section 4
  kUrl,     // section 5, without padding
};

void AppendBase64(ByteView bytes, Base64 form, std::string* text);
std::string Base64Encode(ByteView bytes, Base64 form = Base64::kPlain);
// Padding may be there or not, but not in kUrl. Nothing if `text` is not base64.
std::optional<Bytes> Base64Decode(ByteView text, Base64 form = Base64::kPlain);

}  // namespace base
