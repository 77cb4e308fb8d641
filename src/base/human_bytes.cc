#include "base/human_bytes.h"

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdio>

namespace base {

std::string HumanBytes(uint64_t bytes) {
  static constexpr std::array<const char*, 7> kUnits = {"B", "kB", "MB", "GB", "TB", "PB", "EB"};
  if (bytes < 10) return std::to_string(bytes) + " B";
  size_t unit = 0;
  double size = static_cast<double>(bytes);
  for (; size >= 1000 && unit + 1 < kUnits.size(); ++unit) size /= 1000;
  const double rounded = std::floor(size * 10 + 0.5) / 10;
  char text[32];
  std::snprintf(text, sizeof text, rounded < 10 ? "%.1f %s" : "%.0f %s", rounded, kUnits[unit]);
  return text;
}

}  // namespace base
