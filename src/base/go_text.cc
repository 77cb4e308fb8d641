#include "base/go_text.h"

#include <algorithm>
#include <charconv>
#include <limits>

namespace base {
namespace {

Status InvalidSyntax() {
  return Status(Code::kInvalidArgument, "invalid syntax");
}
Status OutOfRange() {
  return Status(Code::kOutOfRange, "value out of range");
}

bool IsDigitOf(char c, int base) {
  if (c >= '0' && c <= '9') return c - '0' < base;
  const char lower = static_cast<char>(c | 0x20);
  return base == 16 && lower >= 'a' && lower <= 'f';
}

struct Digits {
  int base = 10;
  std::string text;
};

// Takes prefix and underscores away. An underscore stands after a digit or the prefix, and before a
// digit.
Result<Digits> TakeDigits(std::string_view text) {
  Digits digits;
  bool after_digit = false;
  if (text.size() >= 2 && text[0] == '0') {
    after_digit = true;
    const char mark = static_cast<char>(text[1] | 0x20);
    digits.base = mark == 'x' ? 16 : mark == 'b' ? 2 : 8;
    text.remove_prefix(mark == 'x' || mark == 'b' || mark == 'o' ? 2 : 1);
  }
  for (const char c : text) {
    if (c == '_' && after_digit) {
      after_digit = false;
      continue;
    }
    if (!IsDigitOf(c, digits.base)) return InvalidSyntax();
    digits.text += c;
    after_digit = true;
  }
  if (digits.text.empty() || !after_digit) return InvalidSyntax();
  return digits;
}

}  // namespace

Result<bool> ParseGoBool(std::string_view text) {
  for (const std::string_view yes : {"1", "t", "T", "true", "True", "TRUE"}) {
    if (text == yes) return true;
  }
  for (const std::string_view no : {"0", "f", "F", "false", "False", "FALSE"}) {
    if (text == no) return false;
  }
  return InvalidSyntax();
}

Result<uint64_t> ParseGoUint(std::string_view text) {
  ASSIGN_OR_RETURN(const Digits digits, TakeDigits(text));
  uint64_t value = 0;
  const char* const end = digits.text.data() + digits.text.size();
  const auto parsed = std::from_chars(digits.text.data(), end, value, digits.base);
  if (parsed.ec != std::errc()) return OutOfRange();
  return value;
}

Result<int64_t> ParseGoInt(std::string_view text) {
  const bool negative = !text.empty() && text[0] == '-';
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) text.remove_prefix(1);
  ASSIGN_OR_RETURN(const uint64_t magnitude, ParseGoUint(text));
  constexpr uint64_t kMax = std::numeric_limits<int64_t>::max();
  if (magnitude > kMax + (negative ? 1 : 0)) return OutOfRange();
  return static_cast<int64_t>(negative ? 0 - magnitude : magnitude);
}

std::vector<std::string> Split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  for (;;) {
    const size_t end = text.find(separator);
    parts.emplace_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

std::string Join(const std::vector<std::string>& parts, std::string_view separator) {
  std::string out;
  for (size_t i = 0; i < parts.size(); ++i) {
    if (i > 0) out += separator;
    out += parts[i];
  }
  return out;
}

std::string_view TrimSpace(std::string_view text) {
  constexpr std::string_view kSpace = " \t\n\v\f\r";
  const size_t begin = text.find_first_not_of(kSpace);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kSpace) - begin + 1);
}

size_t Utf8Length(std::string_view text) {
  const auto at = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = at(0);
  if (first < 0x80) return 1;
  const size_t length = first < 0xc2   ? 0
                        : first < 0xe0 ? 2
                        : first < 0xf0 ? 3
                        : first < 0xf5 ? 4
                                       : 0;
  if (length == 0 || text.size() < length) return 0;
  for (size_t i = 1; i < length; ++i) {
    if ((at(i) & 0xc0) != 0x80) return 0;
  }
  const unsigned char second = at(1);
  const bool overlong = (first == 0xe0 && second < 0xa0) || (first == 0xf0 && second < 0x90);
  const bool surrogate = first == 0xed && second >= 0xa0;
  const bool beyond = first == 0xf4 && second >= 0x90;
  return overlong || surrogate || beyond ? 0 : length;
}

char32_t Utf8Decode(std::string_view sequence) {
  const auto first = static_cast<unsigned char>(sequence[0]);
  if (sequence.size() == 1) return first;
  // A head of n bytes has n ones, a zero, and then its bits.
  char32_t character = first & (0x7f >> sequence.size());
  for (const char next : sequence.substr(1)) {
    character = (character << 6) | (static_cast<unsigned char>(next) & 0x3f);
  }
  return character;
}

bool IsUtf8(std::string_view text) {
  unsigned char all = 0;
  for (const char byte : text) all |= static_cast<unsigned char>(byte);
  if (all < 0x80) return true;
  while (!text.empty()) {
    const bool ascii = static_cast<unsigned char>(text.front()) < 0x80;
    const size_t length = ascii ? 1 : Utf8Length(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

}  // namespace base
