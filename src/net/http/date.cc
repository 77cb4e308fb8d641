#include "net/http/date.h"

#include <array>
#include <cstdio>
#include <ctime>

#include "base/check.h"

namespace http {
namespace {

constexpr std::array kDays = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
constexpr std::array kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

// Unlike strftime's, the names do not depend on the locale.
std::string Format(time_t second) {
  std::tm utc = {};
  CHECK(gmtime_r(&second, &utc) != nullptr);
  std::array<char, 64> text;
  const int size = std::snprintf(text.data(), text.size(), "%s, %02d %s %d %02d:%02d:%02d GMT",
                                 kDays[static_cast<size_t>(utc.tm_wday)], utc.tm_mday,
                                 kMonths[static_cast<size_t>(utc.tm_mon)], utc.tm_year + 1900,
                                 utc.tm_hour, utc.tm_min, utc.tm_sec);
  return std::string(text.data(), static_cast<size_t>(size));
}

}  // namespace

base::ByteView Date::At(runtime::WallTime now) {
  const int64_t second = now.unix_nanos / 1'000'000'000;
  if (text_.empty() || second != second_) {
    text_ = Format(second);
    second_ = second;
  }
  return text_;
}

}  // namespace http
