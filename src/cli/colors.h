#pragma once

#include <cstdio>
#include <optional>
#include <string>

namespace cli {

enum class Color : uint8_t { kBold, kRed, kGreen, kYellow, kDim };

// When there are colors: kAuto, where a terminal looks on that has some and nobody refused them by
// NO_COLOR.
enum class ColorMode : uint8_t { kAuto, kAlways, kNever };

// Of "auto", "always" or "never"; nothing of another word.
std::optional<ColorMode> ParseColorMode(const std::string& word);

// Paints texts for a file, or leaves them as they are.
class Painter {
 public:
  // Leaves them.
  Painter() = default;
  Painter(std::FILE* file, ColorMode mode);

  std::string operator()(Color color, const std::string& text) const;
  bool is_on() const { return is_on_; }

 private:
  bool is_on_ = false;
};

}  // namespace cli
