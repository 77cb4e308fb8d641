#include "api/v2/go_text.h"

#include <array>
#include <charconv>
#include <chrono>
#include <cstdio>

namespace v2 {
namespace {

constexpr int64_t kSecond = 1'000'000'000;
constexpr char kReplacement[] = "\\ufffd";

bool IsContinuation(char c) {
  return (static_cast<uint8_t>(c) & 0xc0) == 0x80;
}

// How many bytes the character at the front has; 0 if it is none.
size_t Utf8Size(base::ByteView text) {
  const auto first = static_cast<uint8_t>(text[0]);
  if (first < 0x80) return 1;
  const size_t size = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || text.size() < size) return 0;
  for (size_t i = 1; i < size; ++i) {
    if (!IsContinuation(text[i])) return 0;
  }
  const auto second = static_cast<uint8_t>(text[1]);
  const bool is_long_form = (first == 0xe0 && second < 0xa0) || (first == 0xf0 && second < 0x90);
  const bool is_surrogate = first == 0xed && second >= 0xa0;
  const bool is_too_large = first == 0xf4 && second >= 0x90;
  return is_long_form || is_surrogate || is_too_large ? 0 : size;
}

void AppendHexEscape(uint8_t byte, const char* format, std::string* out) {
  std::array<char, 8> escape;
  std::snprintf(escape.data(), escape.size(), format, byte);
  out->append(escape.data());
}

void AppendAscii(char c, std::string* json) {
  switch (c) {
    case '"':
    case '\\':
      json->push_back('\\');
      json->push_back(c);
      return;
    case '\n':
      json->append("\\n");
      return;
    case '\r':
      json->append("\\r");
      return;
    case '\t':
      json->append("\\t");
      return;
    default:
      break;
  }
  const bool is_escaped = c < 0x20 || c == '<' || c == '>' || c == '&';
  if (!is_escaped) return json->push_back(c);
  AppendHexEscape(static_cast<uint8_t>(c), "\\u%04x", json);
}

}  // namespace

void AppendJsonString(base::ByteView text, std::string* json) {
  json->push_back('"');
  while (!text.empty()) {
    const size_t size = Utf8Size(text);
    const base::ByteView character = text.substr(0, size);
    if (size == 0) {
      json->append(kReplacement);
    } else if (size == 1) {
      AppendAscii(text[0], json);
    } else if (character == "\u2028") {
      json->append("\\u2028");
    } else if (character == "\u2029") {
      json->append("\\u2029");
    } else {
      json->append(character);
    }
    text.remove_prefix(size == 0 ? 1 : size);
  }
  json->push_back('"');
}

std::string GoQuoted(base::ByteView text) {
  std::string quoted = "\"";
  while (!text.empty()) {
    const char c = text[0];
    const size_t size = Utf8Size(text);
    if (size > 1) {
      quoted.append(text.substr(0, size));
    } else if (c == '"' || c == '\\') {
      quoted.append({'\\', c});
    } else if (c == '\n') {
      quoted.append("\\n");
    } else if (c == '\t') {
      quoted.append("\\t");
    } else if (c == '\r') {
      quoted.append("\\r");
    } else if (c >= 0x20 && c < 0x7f) {
      quoted.push_back(c);
    } else {
      AppendHexEscape(static_cast<uint8_t>(c), "\\x%02x", &quoted);
    }
    text.remove_prefix(size == 0 ? 1 : size);
  }
  return quoted + "\"";
}

std::string Rfc3339(int64_t nanoseconds) {
  using std::chrono::days;
  const std::chrono::sys_time<std::chrono::nanoseconds> time{std::chrono::nanoseconds(nanoseconds)};
  const auto day = std::chrono::floor<days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(time - day);
  std::array<char, 64> text;
  std::snprintf(text.data(), text.size(), "%04d-%02u-%02uT%02d:%02d:%02d",
                static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                static_cast<unsigned>(date.day()), static_cast<int>(clock.hours().count()),
                static_cast<int>(clock.minutes().count()),
                static_cast<int>(clock.seconds().count()));
  std::string written = text.data();
  if (const int64_t fraction = (nanoseconds % kSecond + kSecond) % kSecond; fraction != 0) {
    std::snprintf(text.data(), text.size(), ".%09lld", static_cast<long long>(fraction));
    written += text.data();
    written.erase(written.find_last_not_of('0') + 1);
  }
  return written + "Z";
}

std::optional<uint64_t> ParseUint(base::ByteView text) {
  uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) {
    return std::nullopt;
  }
  return value;
}

std::optional<bool> ParseBool(base::ByteView text) {
  for (const base::ByteView yes : {"1", "t", "T", "TRUE", "true", "True"}) {
    if (text == yes) return true;
  }
  for (const base::ByteView no : {"0", "f", "F", "FALSE", "false", "False"}) {
    if (text == no) return false;
  }
  return std::nullopt;
}

}  // namespace v2
