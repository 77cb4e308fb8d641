#include "base/url_escape.h"

#include <algorithm>

#include "base/go_text.h"

namespace base {
namespace {

constexpr size_t kEscapeBytes = 3;

bool IsUnreserved(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '_' || c == '.' || c == '~';
}

void AppendEscape(char c, std::string* escaped) {
  static constexpr char kDigits[] = "0123456789ABCDEF";
  const auto byte = static_cast<unsigned char>(c);
  *escaped += {'%', kDigits[byte >> 4], kDigits[byte & 15]};
}

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// Before what does not mean itself. Each kind for itself, which is one call.
std::string_view PlainStart(std::string_view text, bool plus_is_space) {
  text = text.substr(0, text.find('%'));
  return plus_is_space ? text.substr(0, text.find('+')) : text;
}

// Why letter by letter from the first mark on: who searched for the next one of each kind would go
// through all that is left for each of them.
Result<std::string> Unescape(std::string_view text, bool plus_is_space) {
  std::string plain(PlainStart(text, plus_is_space));
  plain.reserve(text.size());
  for (size_t i = plain.size(); i < text.size(); ++i) {
    if (text[i] == '+' && plus_is_space) {
      plain += ' ';
      continue;
    }
    if (text[i] != '%') {
      plain += text[i];
      continue;
    }
    const std::string_view escape = text.substr(i, kEscapeBytes);
    const bool is_one =
        escape.size() == kEscapeBytes && HexDigit(escape[1]) >= 0 && HexDigit(escape[2]) >= 0;
    if (!is_one) return Status(Code::kInvalidArgument, "invalid URL escape " + Quote(escape));
    plain += static_cast<char>(HexDigit(escape[1]) * 16 + HexDigit(escape[2]));
    i += kEscapeBytes - 1;
  }
  return plain;
}

}  // namespace

std::string FormEscape(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    if (c == ' ') {
      escaped += '+';
    } else if (IsUnreserved(c)) {
      escaped += c;
    } else {
      AppendEscape(c, &escaped);
    }
  }
  return escaped;
}

std::string PathEscape(std::string_view path) {
  std::string escaped;
  for (const char c : path) {
    if (IsUnreserved(c) || std::string_view("$&+,/:;=@").find(c) != std::string_view::npos) {
      escaped += c;
    } else {
      AppendEscape(c, &escaped);
    }
  }
  return escaped;
}

Result<std::string> FormUnescape(std::string_view text) {
  return Unescape(text, /*plus_is_space=*/true);
}

Result<std::string> PathUnescape(std::string_view text) {
  return Unescape(text, /*plus_is_space=*/false);
}

}  // namespace base
