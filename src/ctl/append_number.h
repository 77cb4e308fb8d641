#pragma once

#include <charconv>
#include <cstdint>
#include <string>

namespace ctl {

// In decimal.
inline void AppendNumber(int64_t number, std::string* text) {
  char digits[20];
  const auto [end, error] = std::to_chars(digits, digits + sizeof digits, number);
  text->append(digits, end);
}

}  // namespace ctl
