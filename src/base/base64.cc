#include "base/base64.h"

#include <array>

namespace base {
namespace {

constexpr ByteView kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr ByteView kUrlDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

// By character: the digit's value, or kNoDigit, whose highest bit no digit has.
using Values = std::array<uint8_t, 256>;
constexpr uint8_t kNoDigit = 0x80;

constexpr Values ValuesOf(ByteView digits) {
  Values values{};
  values.fill(kNoDigit);
  for (uint8_t i = 0; i < 64; ++i) values[static_cast<uint8_t>(digits[i])] = i;
  return values;
}

constexpr Values kValues = ValuesOf(kDigits);
constexpr Values kUrlValues = ValuesOf(kUrlDigits);

}  // namespace

std::string Base64Encode(ByteView bytes, Base64 form) {
  const ByteView digits = form == Base64::kUrl ? kUrlDigits : kDigits;
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  uint32_t bits = 0;
  int count = 0;
  for (const char byte : bytes) {
    bits = bits << 8 | static_cast<uint8_t>(byte);
    for (count += 8; count >= 6; count -= 6) text.push_back(digits[bits >> (count - 6) & 0x3f]);
  }
  if (count > 0) text.push_back(digits[bits << (6 - count) & 0x3f]);
  while (form == Base64::kPadded && text.size() % 4 != 0) text.push_back('=');
  return text;
}

std::optional<Bytes> Base64Decode(ByteView text, Base64 form) {
  const Values& values = form == Base64::kUrl ? kUrlValues : kValues;
  if (form != Base64::kUrl) {
    for (int padding = 0; padding < 2 && text.ends_with('='); ++padding) text.remove_suffix(1);
  }
  if (text.size() % 4 == 1) return std::nullopt;
  Bytes bytes(text.size() * 3 / 4, '\0');
  char* to = bytes.data();
  uint32_t all = 0;
  const auto value = [&](size_t at) {
    const uint32_t digit = values[static_cast<uint8_t>(text[at])];
    all |= digit;
    return digit;
  };
  size_t i = 0;
  for (; i + 4 <= text.size(); i += 4) {
    const uint32_t group = value(i) << 18 | value(i + 1) << 12 | value(i + 2) << 6 | value(i + 3);
    for (const int shift : {16, 8, 0}) *to++ = static_cast<char>(group >> shift & 0xff);
  }
  if (const size_t rest = text.size() - i; rest > 0) {
    const uint32_t group =
        value(i) << 18 | value(i + 1) << 12 | (rest == 3 ? value(i + 2) << 6 : 0);
    *to++ = static_cast<char>(group >> 16 & 0xff);
    if (rest == 3) *to++ = static_cast<char>(group >> 8 & 0xff);
  }
  if ((all & kNoDigit) != 0) return std::nullopt;
  return bytes;
}

}  // namespace base
