#include "base/float_text.h"

#include <array>
#include <charconv>
#include <cmath>

namespace base {

std::string FormatFloat(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
  constexpr double kSmallest = 1e-4;
  constexpr double kLargest = 1e6;
  constexpr size_t kCharactersMax = 64;
  std::array<char, kCharactersMax> text{};
  const double size = std::fabs(value);
  // The number of digits in front of the point is that of the shortest form.
  const bool is_plain = size == 0 || (size >= kSmallest && size < kLargest);
  const auto format = is_plain ? std::chars_format::fixed : std::chars_format::scientific;
  const auto [end, error] = std::to_chars(text.data(), text.data() + text.size(), value, format);
  return std::string(text.data(), end);
}

Result<double> ParseFloat(std::string_view text) {
  double value = 0;
  const bool has_plus = text.starts_with('+') && !text.starts_with("+-");
  const char* const begin = text.data() + (has_plus ? 1 : 0);
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(begin, end, value);
  if (error == std::errc::result_out_of_range) {
    return Status(Code::kOutOfRange, "value out of range");
  }
  if (error != std::errc() || stop != end) return Status(Code::kInvalidArgument, "invalid syntax");
  return value;
}

}  // namespace base
