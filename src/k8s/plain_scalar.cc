#include "k8s/plain_scalar.h"

#include <algorithm>
#include <charconv>
#include <string>

#include "base/go_text.h"
#include "k8s/time_text.h"

namespace k8s {
namespace {

constexpr std::string_view kTrue[] = {"y",    "Y",    "yes", "Yes", "YES", "true",
                                      "True", "TRUE", "on",  "On",  "ON"};
constexpr std::string_view kFalse[] = {"n",     "N",     "no",  "No",  "NO", "false",
                                       "False", "FALSE", "off", "Off", "OFF"};
constexpr std::string_view kNulls[] = {"", "~", "null", "Null", "NULL"};
constexpr std::string_view kOthers[] = {".nan",  ".NaN",  ".NAN",  ".inf",  ".Inf",
                                        ".INF",  "+.inf", "+.Inf", "+.INF", "-.inf",
                                        "-.Inf", "-.INF", "<<"};

template <size_t kCount>
bool IsAmong(std::string_view text, const std::string_view (&words)[kCount]) {
  return std::find(std::begin(words), std::end(words), text) != std::end(words);
}

bool IsDigit(char character) {
  return character >= '0' && character <= '9';
}

size_t SkipDigits(std::string_view text, size_t at) {
  while (at < text.size() && IsDigit(text[at])) ++at;
  return at;
}

// [-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?
bool IsDecimal(std::string_view text) {
  size_t at = text.starts_with('-') || text.starts_with('+') ? 1 : 0;
  const size_t whole = SkipDigits(text, at) - at;
  at += whole;
  if (at < text.size() && text[at] == '.') {
    const size_t fraction = SkipDigits(text, at + 1) - at - 1;
    if (whole + fraction == 0) return false;
    at += fraction + 1;
  } else if (whole == 0) {
    return false;
  }
  if (at == text.size()) return true;
  if (text[at] != 'e' && text[at] != 'E') return false;
  ++at;
  if (at < text.size() && (text[at] == '-' || text[at] == '+')) ++at;
  return at < text.size() && SkipDigits(text, at) == text.size();
}

// [-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?, a number with the base 60.
bool IsBase60(std::string_view text) {
  if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
  if (text.empty() || !IsDigit(text.front())) return false;
  size_t at = text.find_first_not_of("0123456789_");
  if (at == std::string_view::npos || text[at] != ':') return false;
  while (at < text.size() && text[at] == ':') {
    const size_t digits = SkipDigits(text, at + 1) - at - 1;
    if (digits == 0 || digits > 2 || (digits == 2 && text[at + 1] > '5')) return false;
    at += digits + 1;
  }
  if (at == text.size()) return true;
  return text[at] == '.' && text.find_first_not_of("0123456789_", at + 1) == std::string_view::npos;
}

// A number, or null.
Value NumberOf(std::string_view text) {
  std::string plain(text);
  plain.erase(std::remove(plain.begin(), plain.end(), '_'), plain.end());
  if (const auto number = base::ParseGoInt(plain); number.ok()) return Value{*number};
  if (const auto number = base::ParseGoUint(plain); number.ok()) return Value{*number};
  if (!IsDecimal(plain)) return {};
  const char* begin = plain.data();
  if (*begin == '+') ++begin;
  double value = 0;
  const auto [end, error] = std::from_chars(begin, plain.data() + plain.size(), value);
  return error == std::errc() ? Value{value} : Value{};
}

}  // namespace

Value PlainScalar(std::string_view text) {
  if (IsAmong(text, kNulls)) return {};
  if (IsAmong(text, kTrue)) return Value{true};
  if (IsAmong(text, kFalse)) return Value{false};
  const bool may_be_number =
      IsDigit(text.front()) || text.front() == '.' || text.front() == '-' || text.front() == '+';
  if (may_be_number && !IsYamlTime(text)) {
    Value number = NumberOf(text);
    if (!number.is_null()) return number;
  }
  return Value{std::string(text)};
}

bool IsTextWhenPlain(std::string_view text) {
  return PlainScalar(text).As<std::string>() != nullptr && !IsAmong(text, kOthers) &&
         !IsYamlTime(text) && !IsBase60(text);
}

}  // namespace k8s
