#include "base/base64.h"

#include <array>
#include <cstring>

namespace base {
namespace {

// By number of six bits: its digit.
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

// By number of twelve bits: its two digits.
using Pairs = std::array<std::array<char, 2>, 1 << 12>;

constexpr Pairs PairsOf(ByteView digits) {
  Pairs pairs{};
  for (size_t i = 0; i < pairs.size(); ++i) pairs[i] = {digits[i >> 6], digits[i & 63]};
  return pairs;
}

constexpr Pairs kPairs = PairsOf(kDigits);
constexpr Pairs kUrlPairs = PairsOf(kUrlDigits);

}  // namespace

void AppendBase64(ByteView bytes, Base64 form, std::string* text) {
  const Pairs& pairs = form == Base64::kUrl ? kUrlPairs : kPairs;
  const size_t begin = text->size();
  text->resize(begin + (bytes.size() + 2) / 3 * 4, '=');
  char* to = text->data() + begin;
  const auto byte = [&](size_t at) { return uint32_t{static_cast<uint8_t>(bytes[at])}; };
  const auto put = [&](uint32_t twelve_bits) {
    std::memcpy(to, pairs[twelve_bits].data(), 2);
    to += 2;
  };
  size_t i = 0;
  for (; i + 3 <= bytes.size(); i += 3) {
    const uint32_t group = byte(i) << 16 | byte(i + 1) << 8 | byte(i + 2);
    put(group >> 12);
    put(group & 0xfff);
  }
  if (const size_t rest = bytes.size() - i; rest > 0) {
    const uint32_t group = byte(i) << 16 | (rest == 2 ? byte(i + 1) << 8 : 0);
    put(group >> 12);
    if (rest == 2) *to++ = pairs[group & 0xfff][0];
  }
  if (form != Base64::kPadded) text->resize(static_cast<size_t>(to - text->data()));
}

std::string Base64Encode(ByteView bytes, Base64 form) {
  std::string text;
  AppendBase64(bytes, form, &text);
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
