#include "k8s/time_text.h"

#include <array>
#include <cstdio>

namespace k8s {
namespace {

constexpr int64_t kSecondsOfDay = 86400;
constexpr int kFractionDigitsMax = 9;

// Days since 1970 of a date of the Gregorian calendar, and back; "chrono-Compatible Low-Level Date
// Algorithms", H. Hinnant. The year begins with March.
constexpr int64_t kDaysOfEra = 146097;
constexpr int64_t kDaysTo1970 = 719468;

struct Date {
  int64_t year = 0;
  int64_t month = 1;
  int64_t day = 1;
};

int64_t DaysOf(const Date& date) {
  const int64_t year = date.month <= 2 ? date.year - 1 : date.year;
  const int64_t era = (year >= 0 ? year : year - 399) / 400;
  const int64_t year_of_era = year - era * 400;
  const int64_t month = date.month > 2 ? date.month - 3 : date.month + 9;
  const int64_t day_of_year = (153 * month + 2) / 5 + date.day - 1;
  const int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return era * kDaysOfEra + day_of_era - kDaysTo1970;
}

Date DateOf(int64_t days) {
  const int64_t shifted = days + kDaysTo1970;
  const int64_t era = (shifted >= 0 ? shifted : shifted - kDaysOfEra + 1) / kDaysOfEra;
  const int64_t day_of_era = shifted - era * kDaysOfEra;
  const int64_t year_of_era =
      (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  const int64_t day_of_year =
      day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const int64_t shifted_month = (5 * day_of_year + 2) / 153;
  Date date;
  date.day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
  date.month = shifted_month < 10 ? shifted_month + 3 : shifted_month - 9;
  date.year = year_of_era + era * 400 + (date.month <= 2 ? 1 : 0);
  return date;
}

int64_t DaysOfMonth(int64_t year, int64_t month) {
  constexpr std::array<int64_t, 12> kDays = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const bool is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
  return kDays.at(static_cast<size_t>(month - 1)) + (month == 2 && is_leap ? 1 : 0);
}

// Reads a time from its begin on.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : rest_(text) {}

  bool at_end() const { return rest_.empty(); }
  char next() const { return rest_.empty() ? '\0' : rest_.front(); }
  bool Skip(char character) {
    if (next() != character || rest_.empty()) return false;
    rest_.remove_prefix(1);
    return true;
  }
  // So many digits at least and at most, of a number in that range.
  bool Number(size_t digits_min, size_t digits_max, int64_t low, int64_t high, int64_t* number) {
    size_t digits = 0;
    *number = 0;
    while (digits < digits_max && digits < rest_.size() && IsDigit(rest_[digits])) {
      *number = *number * 10 + (rest_[digits++] - '0');
    }
    rest_.remove_prefix(digits);
    return digits >= digits_min && *number >= low && *number <= high;
  }
  // What stands behind a point; digits beyond nanoseconds are dropped.
  bool Fraction(int32_t* nanos) {
    int digits = 0;
    *nanos = 0;
    for (; IsDigit(next()); rest_.remove_prefix(1)) {
      if (digits++ < kFractionDigitsMax) *nanos = *nanos * 10 + (next() - '0');
    }
    if (digits == 0) return false;
    for (; digits < kFractionDigitsMax; ++digits) *nanos *= 10;
    return true;
  }

 private:
  static bool IsDigit(char character) { return character >= '0' && character <= '9'; }

  std::string_view rest_;
};

bool ReadDate(Scanner* in, size_t digits_min, Date* date) {
  return in->Number(4, 4, 0, 9999, &date->year) && in->Skip('-') &&
         in->Number(digits_min, 2, 1, 12, &date->month) && in->Skip('-') &&
         in->Number(digits_min, 2, 1, DaysOfMonth(date->year, date->month), &date->day);
}

// Hours, minutes, seconds and their fraction.
bool ReadClock(Scanner* in, size_t digits_min, int64_t* seconds, int32_t* nanos) {
  int64_t hours = 0;
  int64_t minutes = 0;
  if (!in->Number(digits_min, 2, 0, 23, &hours) || !in->Skip(':') ||
      !in->Number(digits_min, 2, 0, 59, &minutes) || !in->Skip(':') ||
      !in->Number(digits_min, 2, 0, 59, seconds)) {
    return false;
  }
  *seconds += hours * 3600 + minutes * 60;
  return !(in->Skip('.') || in->Skip(',')) || in->Fraction(nanos);
}

bool ReadZone(Scanner* in, int64_t* seconds) {
  *seconds = 0;
  if (in->Skip('Z')) return in->at_end();
  const bool is_west = in->Skip('-');
  int64_t hours = 0;
  int64_t minutes = 0;
  if ((!is_west && !in->Skip('+')) || !in->Number(2, 2, 0, 24, &hours) || !in->Skip(':') ||
      !in->Number(2, 2, 0, 60, &minutes)) {
    return false;
  }
  *seconds = (hours * 3600 + minutes * 60) * (is_west ? -1 : 1);
  return in->at_end();
}

}  // namespace

std::string FormatTime(const Moment& moment, int fraction_digits) {
  int64_t days = moment.seconds / kSecondsOfDay;
  int64_t second = moment.seconds % kSecondsOfDay;
  if (second < 0) {
    second += kSecondsOfDay;
    --days;
  }
  const Date date = DateOf(days);
  char text[64];
  std::snprintf(text, sizeof text, "%04lld-%02lld-%02lldT%02lld:%02lld:%02lld",
                static_cast<long long>(date.year), static_cast<long long>(date.month),
                static_cast<long long>(date.day), static_cast<long long>(second / 3600),
                static_cast<long long>(second / 60 % 60), static_cast<long long>(second % 60));
  std::string written = text;
  if (fraction_digits > 0) {
    std::snprintf(text, sizeof text, ".%06d", moment.nanos / 1000);
    written += text;
  }
  return written + "Z";
}

std::optional<Moment> ParseTime(std::string_view text) {
  Scanner in(text);
  Date date;
  Moment moment;
  int64_t zone = 0;
  if (!ReadDate(&in, 2, &date) || !in.Skip('T') ||
      !ReadClock(&in, 2, &moment.seconds, &moment.nanos) || !ReadZone(&in, &zone)) {
    return std::nullopt;
  }
  moment.seconds += DaysOf(date) * kSecondsOfDay - zone;
  return moment;
}

bool IsYamlTime(std::string_view text) {
  Scanner in(text);
  Date date;
  int64_t seconds = 0;
  int32_t nanos = 0;
  if (!ReadDate(&in, 1, &date)) return false;
  if (in.at_end()) return true;
  if (in.Skip(' ')) return ReadClock(&in, 1, &seconds, &nanos) && in.at_end();
  return (in.Skip('T') || in.Skip('t')) && ReadClock(&in, 1, &seconds, &nanos) &&
         ReadZone(&in, &seconds);
}

}  // namespace k8s
