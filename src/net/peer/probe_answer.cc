#include "net/peer/probe_answer.h"

#include <array>
#include <charconv>
#include <chrono>
#include <optional>

#include "observe/log_line.h"

namespace peer {
namespace {

// Reads what RFC 3339 allows, front to back.
class TimeReader {
 public:
  explicit TimeReader(base::ByteView text) : text_(text) {}

  std::optional<int64_t> UnixNanos() {
    using std::chrono::day;
    using std::chrono::month;
    using std::chrono::year;
    const int64_t years = Number(4, '-');
    const int64_t months = Number(2, '-');
    const int64_t days = Number(2, 'T');
    const int64_t hours = Number(2, ':');
    const int64_t minutes = Number(2, ':');
    const int64_t seconds = Number(2, '\0');
    const int64_t nanos = Fraction();
    const int64_t offset_minutes = Offset();
    const std::chrono::year_month_day date{year(static_cast<int>(years)),
                                           month(static_cast<unsigned>(months)),
                                           day(static_cast<unsigned>(days))};
    // What a count of nanoseconds can say.
    const bool in_range =
        years >= 1970 && years < 2262 && hours < 24 && minutes < 60 && seconds <= 60 && date.ok();
    if (!ok_ || !in_range || !text_.empty()) return std::nullopt;
    const int64_t day_count = std::chrono::sys_days(date).time_since_epoch().count();
    const int64_t minute_count = (day_count * 24 + hours) * 60 + minutes - offset_minutes;
    return (minute_count * 60 + seconds) * 1'000'000'000 + nanos;
  }

 private:
  // So many digits and then `after`, unless that is 0.
  int64_t Number(size_t digits, char after) {
    int64_t value = 0;
    const base::ByteView piece = text_.substr(0, digits);
    for (const char digit : piece) {
      if (digit < '0' || digit > '9') ok_ = false;
      value = value * 10 + (digit - '0');
    }
    if (piece.size() < digits) ok_ = false;
    text_.remove_prefix(piece.size());
    if (after != '\0') Expect(after);
    return value;
  }
  void Expect(char letter) {
    if (!Take(letter)) ok_ = false;
  }
  bool Take(char letter) {
    if (text_.empty() || text_[0] != letter) return false;
    text_.remove_prefix(1);
    return true;
  }
  int64_t Fraction() {
    if (!Take('.')) return 0;
    int64_t value = 0;
    int64_t unit = 100'000'000;
    for (; !text_.empty() && text_[0] >= '0' && text_[0] <= '9'; unit /= 10) {
      value += (text_[0] - '0') * unit;
      text_.remove_prefix(1);
    }
    return value;
  }
  int64_t Offset() {
    if (Take('Z')) return 0;
    const int sign = Take('-') ? -1 : 1;
    if (sign == 1) Expect('+');
    const int64_t hours = Number(2, ':');
    return sign * (hours * 60 + Number(2, '\0'));
  }

  base::ByteView text_;
  bool ok_ = true;
};

}  // namespace

base::Bytes EncodeProbeAnswer(runtime::WallTime now) {
  return R"({"OK":true,"Now":")" + observe::FormatTimestamp(now, std::chrono::seconds(0)) + "\"}\n";
}

base::Result<runtime::WallTime> DecodeProbeAnswer(base::ByteView text) {
  constexpr base::ByteView kNow = R"("Now":")";
  const size_t begin = text.find(kNow);
  const base::ByteView rest = begin == text.npos ? "" : text.substr(begin + kNow.size());
  const auto nanos = TimeReader(rest.substr(0, rest.find('"'))).UnixNanos();
  if (!nanos.has_value()) return base::Status(base::Code::kDataLoss, "no answer to a probe");
  if (text.find(R"("OK":true)") == text.npos) {
    return base::Status(base::Code::kUnavailable, "the peer is not healthy");
  }
  return runtime::WallTime{*nanos};
}

}  // namespace peer
