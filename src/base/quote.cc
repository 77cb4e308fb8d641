#include "base/quote.h"

#include <algorithm>
#include <array>

#include "base/go_text.h"

namespace base {
namespace {

constexpr char kHex[] = "0123456789abcdef";

void AppendEscaped(std::string& out, unsigned char byte) {
  switch (byte) {
    case '\a':
      out += "\\a";
      return;
    case '\b':
      out += "\\b";
      return;
    case '\f':
      out += "\\f";
      return;
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    case '\v':
      out += "\\v";
      return;
    default:
      out += "\\x";
      out += kHex[byte >> 4];
      out += kHex[byte & 15];
  }
}

// \u1234 or \U00012345.
void AppendCodePoint(std::string& out, char32_t character) {
  const int digits = character < 0x10000 ? 4 : 8;
  out += digits == 4 ? "\\u" : "\\U";
  for (int i = digits - 1; i >= 0; --i) out += kHex[(character >> (4 * i)) & 15];
}

// How much of the front is ASCII that stands for itself in quotes.
size_t PlainLength(std::string_view text) {
  static constexpr auto kIsPlain = [] {
    std::array<bool, 256> plain{};
    for (unsigned char c = 0x20; c < 0x7f; ++c) plain[c] = c != '"' && c != '\\';
    return plain;
  }();
  size_t length = 0;
  while (length < text.size() && kIsPlain[static_cast<unsigned char>(text[length])]) ++length;
  return length;
}

}  // namespace

void AppendQuote(std::string_view text, std::string* out) {
  *out += '"';
  while (!text.empty()) {
    if (const size_t plain = PlainLength(text); plain > 0) {
      *out += text.substr(0, plain);
      text.remove_prefix(plain);
      continue;
    }
    const auto byte = static_cast<unsigned char>(text[0]);
    const size_t length = Utf8Length(text);
    if (byte == '"' || byte == '\\') {
      *out += {'\\', text[0]};
    } else if (byte < 0x20 || byte == 0x7f || length == 0) {
      AppendEscaped(*out, byte);
    } else if (const char32_t character = Utf8Decode(text.substr(0, length));
               !IsGoPrintable(character)) {
      AppendCodePoint(*out, character);
    } else {
      *out += text.substr(0, length);
    }
    text.remove_prefix(std::max<size_t>(length, 1));
  }
  *out += '"';
}

std::string Quote(std::string_view text) {
  std::string out;
  AppendQuote(text, &out);
  return out;
}

}  // namespace base
