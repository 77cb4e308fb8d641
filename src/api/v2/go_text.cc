#include "api/v2/go_text.h"

#include <array>
#include <charconv>
#include <chrono>
#include <cmath>
#include <cstdio>

#include "base/go_text.h"

namespace v2 {
namespace {

constexpr int64_t kSecond = 1'000'000'000;

}  // namespace

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

std::string JsonNumber(double value) {
  // With an exponent only if it is very small.
  constexpr double kSmall = 1e-6;
  const bool is_plain = value == 0 || std::fabs(value) >= kSmall;
  std::array<char, 64> text;
  const auto end =
      std::to_chars(text.data(), text.data() + text.size(), value,
                    is_plain ? std::chars_format::fixed : std::chars_format::scientific)
          .ptr;
  std::string written(text.data(), end);
  // "1e-07" is "1e-7".
  const size_t exponent = written.find("e-0");
  if (exponent != std::string::npos) written.erase(exponent + 2, 1);
  return written;
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
