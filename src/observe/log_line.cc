#include "observe/log_line.h"

#include <array>
#include <charconv>
#include <cmath>
#include <cstdlib>

#include "base/duration_text.h"
#include "base/json_string.h"

namespace observe {
namespace {

void AppendString(std::string& out, std::string_view text) {
  out += '"';
  base::AppendZapJsonText(text, &out);
  out += '"';
}

// The fewest digits that read back as `value`, which is finite, and zeros up to the decimal point;
// never an exponent.
void AppendDecimal(std::string& out, double value) {
  std::array<char, 32> text;
  const auto end = std::to_chars(text.data(), text.data() + text.size(), std::abs(value),
                                 std::chars_format::scientific);
  // "d.ddde+xx" or "de+xx": the digits without their point, and where it belongs.
  const std::string_view scientific(text.data(), static_cast<size_t>(end.ptr - text.data()));
  const size_t mark = scientific.find('e');
  std::string digits(scientific.substr(0, 1));
  if (mark > 1) digits += scientific.substr(2, mark - 2);
  const size_t sign = scientific[mark + 1] == '+' ? 2 : 1;
  int exponent = 0;
  std::from_chars(scientific.data() + mark + sign, end.ptr, exponent);
  if (std::signbit(value)) out += '-';
  if (exponent < 0) {
    out += "0." + std::string(static_cast<size_t>(-exponent) - 1, '0') + digits;
    return;
  }
  const size_t integer_size = static_cast<size_t>(exponent) + 1;
  if (digits.size() <= integer_size) {
    out += digits + std::string(integer_size - digits.size(), '0');
  } else {
    out += digits.substr(0, integer_size) + "." + digits.substr(integer_size);
  }
}

// JSON objects with zap's two kinds of spacing: none in JSON lines, after colons and commas in
// console lines.
class ObjectWriter {
 public:
  ObjectWriter(std::string& out, bool spaced) : out_(out), spaced_(spaced) { out_ += '{'; }

  void AppendKey(std::string_view key) {
    if (!first_) out_ += spaced_ ? ", " : ",";
    first_ = false;
    AppendString(out_, key);
    out_ += spaced_ ? ": " : ":";
  }
  void AppendText(std::string_view key, std::string_view text) {
    AppendKey(key);
    AppendString(out_, text);
  }
  void AppendField(const Field& field) {
    AppendKey(field.key());
    std::visit(*this, field.value());
  }
  void Close() { out_ += '}'; }

  void operator()(int64_t value) { out_ += std::to_string(value); }
  void operator()(uint64_t value) { out_ += std::to_string(value); }
  void operator()(bool value) { out_ += value ? "true" : "false"; }
  void operator()(std::string_view value) { AppendString(out_, value); }
  void operator()(std::chrono::nanoseconds value) {
    AppendString(out_, base::FormatDuration(value));
  }
  void operator()(double value) {
    if (std::isnan(value)) {
      out_ += "\"NaN\"";
    } else if (std::isinf(value)) {
      out_ += value > 0 ? "\"+Inf\"" : "\"-Inf\"";
    } else {
      AppendDecimal(out_, value);
    }
  }
  void operator()(std::span<const std::string> values) {
    out_ += '[';
    for (size_t i = 0; i < values.size(); ++i) {
      if (i > 0) out_ += spaced_ ? ", " : ",";
      AppendString(out_, values[i]);
    }
    out_ += ']';
  }

 private:
  std::string& out_;
  const bool spaced_;
  bool first_ = true;
};

// "app/start.cc:70": the last folder and the file.
std::string ShortCaller(const Caller& caller) {
  const std::string_view path = caller.file;
  const size_t file = path.rfind('/');
  const size_t folder = file == std::string_view::npos || file == 0 ? std::string_view::npos
                                                                    : path.rfind('/', file - 1);
  const std::string_view shown = folder == std::string_view::npos ? path : path.substr(folder + 1);
  return std::string(shown) + ":" + std::to_string(caller.line);
}

std::string FormatJson(const LogEntry& entry) {
  std::string out;
  ObjectWriter object(out, /*spaced=*/false);
  object.AppendText("level", LevelName(entry.level));
  object.AppendText("ts", FormatTimestamp(entry.time, entry.utc_offset));
  object.AppendText("caller", ShortCaller(entry.caller));
  object.AppendText("msg", entry.message);
  for (const Field& field : entry.fields) object.AppendField(field);
  object.Close();
  return out;
}

std::string FormatConsole(const LogEntry& entry) {
  std::string out = FormatTimestamp(entry.time, entry.utc_offset);
  out += '\t';
  out += LevelName(entry.level);
  out += '\t';
  out += ShortCaller(entry.caller);
  out += '\t';
  // Why escaped, as zap does not: a message from outside cannot feign a second line.
  base::AppendZapJsonText(entry.message, &out);
  if (entry.fields.size() == 0) return out;
  out += '\t';
  ObjectWriter object(out, /*spaced=*/true);
  for (const Field& field : entry.fields) object.AppendField(field);
  object.Close();
  return out;
}

// `value` in decimal with leading zeros to `width` digits.
void AppendPadded(std::string& out, int64_t value, size_t width) {
  const std::string digits = std::to_string(value);
  if (digits.size() < width) out.append(width - digits.size(), '0');
  out += digits;
}

}  // namespace

std::string FormatLine(const LogEntry& entry, LogFormat format) {
  return format == LogFormat::kJson ? FormatJson(entry) : FormatConsole(entry);
}

std::string FormatTimestamp(runtime::WallTime time, std::chrono::seconds utc_offset) {
  using std::chrono::days;
  using std::chrono::floor;
  using std::chrono::nanoseconds;
  const nanoseconds local = nanoseconds(time.unix_nanos) + utc_offset;
  const days since_epoch = floor<days>(local);
  const std::chrono::year_month_day date{std::chrono::sys_days(since_epoch)};
  const std::chrono::hh_mm_ss clock(floor<std::chrono::microseconds>(local - since_epoch));
  std::string out;
  AppendPadded(out, static_cast<int>(date.year()), 4);
  out += '-';
  AppendPadded(out, static_cast<unsigned>(date.month()), 2);
  out += '-';
  AppendPadded(out, static_cast<unsigned>(date.day()), 2);
  out += 'T';
  AppendPadded(out, clock.hours().count(), 2);
  out += ':';
  AppendPadded(out, clock.minutes().count(), 2);
  out += ':';
  AppendPadded(out, clock.seconds().count(), 2);
  out += '.';
  AppendPadded(out, clock.subseconds().count(), 6);
  if (utc_offset == std::chrono::seconds(0)) return out + "Z";
  const int64_t minutes = std::abs(utc_offset.count()) / 60;
  out += utc_offset.count() < 0 ? '-' : '+';
  AppendPadded(out, minutes / 60, 2);
  AppendPadded(out, minutes % 60, 2);
  return out;
}

}  // namespace observe
