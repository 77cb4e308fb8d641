#include "api/v2/go_text.h"

#include <array>
#include <charconv>
#include <chrono>
#include <cstdio>

#include "base/go_text.h"

namespace v2 {
namespace {

constexpr int64_t kSecond = 1'000'000'000;
constexpr char kReplacement[] = "\\ufffd";

// Whether a character stands in a JSON string as it is.
constexpr bool IsPlain(char c) {
  return c >= 0x20 && c != '"' && c != '\\' && c != '<' && c != '>' && c != '&';
}

constexpr std::array<bool, 256> kIsPlain = [] {
  std::array<bool, 256> plain = {};
  for (size_t c = 0; c < 128; ++c) plain[c] = IsPlain(static_cast<char>(c));
  return plain;
}();

size_t PlainLength(base::ByteView text) {
  size_t length = 0;
  while (length < text.size() && kIsPlain[static_cast<unsigned char>(text[length])]) ++length;
  return length;
}

void AppendEscaped(char c, std::string* json) {
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
  std::array<char, 8> escape;
  std::snprintf(escape.data(), escape.size(), "\\u%04x", static_cast<unsigned>(c));
  json->append(escape.data());
}

}  // namespace

void AppendJsonString(base::ByteView text, std::string* json) {
  json->push_back('"');
  while (!text.empty()) {
    if (const size_t plain = PlainLength(text); plain > 0) {
      json->append(text.substr(0, plain));
      text.remove_prefix(plain);
      continue;
    }
    const size_t size = base::Utf8Length(text);
    const base::ByteView character = text.substr(0, size);
    if (size == 0) {
      json->append(kReplacement);
    } else if (size == 1) {
      AppendEscaped(text[0], json);
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

}  // namespace v2
