#include "base/duration_text.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>

namespace base {
namespace {

constexpr uint64_t kMicrosecond = 1000;
constexpr uint64_t kMillisecond = 1000 * kMicrosecond;
constexpr uint64_t kSecond = 1000 * kMillisecond;
constexpr uint64_t kMinute = 60 * kSecond;
constexpr uint64_t kHour = 60 * kMinute;
// The magnitude of the most negative duration; the greatest positive one is one less.
constexpr uint64_t kMagnitudeMax = uint64_t{1} << 63;

struct Unit {
  std::string_view name;
  uint64_t nanoseconds;
};

// Both code points that look like a micro sign count.
constexpr std::array<Unit, 8> kUnits = {{{"ns", 1},
                                         {"us", kMicrosecond},
                                         {"\u00b5s", kMicrosecond},
                                         {"\u03bcs", kMicrosecond},
                                         {"ms", kMillisecond},
                                         {"s", kSecond},
                                         {"m", kMinute},
                                         {"h", kHour}}};

// "1.5" for value 1500 and unit 1000: no trailing zeros, no point without digits after it.
std::string Decimal(uint64_t value, uint64_t unit) {
  std::string out = std::to_string(value / unit);
  uint64_t fraction = value % unit;
  if (fraction == 0) return out;
  out += '.';
  while (fraction != 0) {
    fraction *= 10;
    out += static_cast<char>('0' + fraction / unit);
    fraction %= unit;
  }
  return out;
}

bool IsDigit(char c) {
  return c >= '0' && c <= '9';
}

// Takes digits off the front of `text`; false on overflow of kMagnitudeMax.
bool TakeNumber(std::string_view& text, uint64_t& value) {
  for (value = 0; !text.empty() && IsDigit(text[0]); text.remove_prefix(1)) {
    if (value > kMagnitudeMax / 10) return false;
    value = value * 10 + static_cast<uint64_t>(text[0] - '0');
    if (value > kMagnitudeMax) return false;
  }
  return true;
}

// Takes the digits after a decimal point: their value in `unit`, rounded down. Digits beyond the
// precision of 64 bits do not count.
uint64_t TakeFraction(std::string_view& text, uint64_t& scale) {
  uint64_t value = 0;
  scale = 1;
  for (; !text.empty() && IsDigit(text[0]); text.remove_prefix(1)) {
    if (scale > kMagnitudeMax / 100) continue;
    value = value * 10 + static_cast<uint64_t>(text[0] - '0');
    scale *= 10;
  }
  return value;
}

// Compat: Go's package time quotes otherwise than the rest of Go, all that is not ASCII as bytes.
std::string QuoteBytes(std::string_view text) {
  constexpr char kHex[] = "0123456789abcdef";
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x80 || byte < 0x20) {
      out += "\\x";
      out += kHex[byte >> 4];
      out += kHex[byte & 15];
      continue;
    }
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

Status Invalid(std::string_view whole) {
  return Status(Code::kInvalidArgument, "time: invalid duration " + QuoteBytes(whole));
}

// Takes one number with its unit off the front of `text`.
Result<uint64_t> TakeTerm(std::string_view& text, std::string_view whole) {
  if (!IsDigit(text[0]) && text[0] != '.') return Invalid(whole);
  const size_t before = text.size();
  uint64_t value = 0;
  if (!TakeNumber(text, value)) return Invalid(whole);
  bool any_digit = text.size() != before;
  uint64_t fraction = 0;
  uint64_t scale = 1;
  if (!text.empty() && text[0] == '.') {
    text.remove_prefix(1);
    any_digit = any_digit || (!text.empty() && IsDigit(text[0]));
    fraction = TakeFraction(text, scale);
  }
  if (!any_digit) return Invalid(whole);
  const auto* const unit_end =
      std::find_if(text.begin(), text.end(), [](char c) { return c == '.' || IsDigit(c); });
  const std::string_view name = text.substr(0, static_cast<size_t>(unit_end - text.begin()));
  if (name.empty()) {
    return Status(Code::kInvalidArgument, "time: missing unit in duration " + QuoteBytes(whole));
  }
  const auto* const unit = std::find_if(
      kUnits.begin(), kUnits.end(), [&](const Unit& candidate) { return candidate.name == name; });
  if (unit == kUnits.end()) {
    return Status(Code::kInvalidArgument,
                  "time: unknown unit " + QuoteBytes(name) + " in duration " + QuoteBytes(whole));
  }
  text.remove_prefix(name.size());
  if (value > kMagnitudeMax / unit->nanoseconds) return Invalid(whole);
  // As floating point, because fraction * unit does not fit; Go rounds the same way.
  const auto part =
      static_cast<uint64_t>(static_cast<double>(fraction) *
                            (static_cast<double>(unit->nanoseconds) / static_cast<double>(scale)));
  return value * unit->nanoseconds + part;
}

}  // namespace

std::string FormatDuration(std::chrono::nanoseconds duration) {
  const bool negative = duration.count() < 0;
  const auto count = static_cast<uint64_t>(duration.count());
  const uint64_t value = negative ? 0 - count : count;
  std::string out = negative ? "-" : "";
  if (value == 0) return "0s";
  if (value < kMicrosecond) return out + std::to_string(value) + "ns";
  if (value < kMillisecond) return out + Decimal(value, kMicrosecond) + "\u00b5s";
  if (value < kSecond) return out + Decimal(value, kMillisecond) + "ms";
  if (value >= kHour) out += std::to_string(value / kHour) + "h";
  if (value >= kMinute) out += std::to_string(value % kHour / kMinute) + "m";
  return out + Decimal(value % kMinute, kSecond) + "s";
}

Result<std::chrono::nanoseconds> ParseDuration(std::string_view text) {
  const std::string_view whole = text;
  const bool negative = !text.empty() && text[0] == '-';
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) text.remove_prefix(1);
  if (text == "0") return std::chrono::nanoseconds(0);
  if (text.empty()) return Invalid(whole);
  uint64_t sum = 0;
  while (!text.empty()) {
    ASSIGN_OR_RETURN(const uint64_t term, TakeTerm(text, whole));
    if (term > kMagnitudeMax - sum) return Invalid(whole);
    sum += term;
  }
  if (sum == kMagnitudeMax && !negative) return Invalid(whole);
  return std::chrono::nanoseconds(static_cast<int64_t>(negative ? 0 - sum : sum));
}

}  // namespace base
