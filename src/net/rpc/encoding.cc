#include "net/rpc/encoding.h"

#include <cstdint>

namespace rpc {
namespace {

constexpr base::ByteView kHexDigits = "0123456789ABCDEF";
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

}  // namespace rpc
