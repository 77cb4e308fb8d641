#include "base/come_back.h"

#include <charconv>
#include <cstdint>

namespace base {
namespace {

constexpr std::string_view kComeBackIn = ", come back in ";
constexpr std::string_view kUnit = " ms";

}  // namespace

std::string ComeBackText(std::string_view refusal, std::chrono::milliseconds wait) {
  std::string text(refusal);
  text += kComeBackIn;
  text += std::to_string(wait.count());
  return text += kUnit;
}

std::optional<std::chrono::milliseconds> ReadComeBack(std::string_view text) {
  const size_t at = text.rfind(kComeBackIn);
  if (!text.starts_with(kAdmissionRule) || at == std::string_view::npos) return std::nullopt;
  if (!text.ends_with(kUnit)) return std::nullopt;
  const std::string_view number = text.substr(at + kComeBackIn.size());
  uint32_t milliseconds = 0;
  const auto [stop, error] =
      std::from_chars(number.data(), number.data() + number.size(), milliseconds);
  const char* const unit = text.data() + text.size() - kUnit.size();
  if (error != std::errc() || stop != unit) return std::nullopt;
  return std::chrono::milliseconds(milliseconds);
}

}  // namespace base
