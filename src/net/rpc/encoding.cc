#include "net/rpc/encoding.h"

#include <array>
#include <cstdint>

namespace rpc {
namespace {

constexpr base::ByteView kHexDigits = "0123456789ABCDEF";
constexpr base::ByteView kBase64Digits =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

// By character: the digit's value, or kNoDigit, whose highest bit no digit has.
constexpr uint8_t kNoDigit = 0x80;
constexpr std::array<uint8_t, 256> kBase64Values = [] {
  std::array<uint8_t, 256> values{};
  values.fill(kNoDigit);
  for (uint8_t i = 0; i < 64; ++i) values[static_cast<uint8_t>(kBase64Digits[i])] = i;
  return values;
}();

int HexValue(char digit) {
  if (digit >= '0' && digit <= '9') return digit - '0';
  if (digit >= 'A' && digit <= 'F') return digit - 'A' + 10;
  if (digit >= 'a' && digit <= 'f') return digit - 'a' + 10;
  return -1;
}

}  // namespace

std::string PercentEncode(base::ByteView text) {
  std::string encoded;
  encoded.reserve(text.size());
  for (const char character : text) {
    const auto byte = static_cast<uint8_t>(character);
    if (byte >= 0x20 && byte <= 0x7e && byte != '%') {
      encoded.push_back(character);
    } else {
      encoded += {'%', kHexDigits[byte >> 4], kHexDigits[byte & 0xf]};
    }
  }
  return encoded;
}

std::string PercentDecode(base::ByteView text) {
  std::string decoded;
  decoded.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size()) {
      const int high = HexValue(text[i + 1]);
      const int low = HexValue(text[i + 2]);
      if (high >= 0 && low >= 0) {
        decoded.push_back(static_cast<char>(high << 4 | low));
        i += 2;
        continue;
      }
    }
    decoded.push_back(text[i]);
  }
  return decoded;
}

std::string Base64Encode(base::ByteView bytes) {
  std::string text;
  text.reserve((bytes.size() * 4 + 2) / 3);
  uint32_t bits = 0;
  int count = 0;
  for (const char byte : bytes) {
    bits = bits << 8 | static_cast<uint8_t>(byte);
    for (count += 8; count >= 6; count -= 6) {
      text.push_back(kBase64Digits[bits >> (count - 6) & 0x3f]);
    }
  }
  if (count > 0) text.push_back(kBase64Digits[bits << (6 - count) & 0x3f]);
  return text;
}

std::optional<base::Bytes> Base64Decode(base::ByteView text) {
  for (int padding = 0; padding < 2 && text.ends_with('='); ++padding) text.remove_suffix(1);
  if (text.size() % 4 == 1) return std::nullopt;
  base::Bytes bytes(text.size() * 3 / 4, '\0');
  char* to = bytes.data();
  uint32_t all = 0;
  const auto value = [&](size_t at) {
    const uint32_t digit = kBase64Values[static_cast<uint8_t>(text[at])];
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

}  // namespace rpc
