#include "base/lease_text.h"

#include <charconv>

namespace base {

std::string LeaseText(int64_t id) {
  constexpr size_t kWidth = 16;
  const bool is_negative = id < 0;
  const uint64_t size = is_negative ? 0 - static_cast<uint64_t>(id) : static_cast<uint64_t>(id);
  char digits[kWidth];
  const auto [end, error] = std::to_chars(digits, digits + sizeof digits, size, 16);
  std::string text(digits, end);
  const std::string sign = is_negative ? "-" : "";
  const size_t length = sign.size() + text.size();
  return sign + std::string(length < kWidth ? kWidth - length : 0, '0') + text;
}

}  // namespace base
