#include "cli/colors.h"

#include <unistd.h>

#include <cstdlib>
#include <string_view>

namespace cli {
namespace {

// As https://no-color.org has it: set, and not empty.
bool IsRefused() {
  const char* const refusal = std::getenv("NO_COLOR");
  return refusal != nullptr && *refusal != 0;
}

bool IsTerminalWithColors(std::FILE* file) {
  const char* const terminal = std::getenv("TERM");
  return terminal != nullptr && *terminal != 0 && std::string_view(terminal) != "dumb" &&
         isatty(fileno(file)) == 1;
}

const char* Begin(Color color) {
  switch (color) {
    case Color::kBold:
      return "\x1b[1m";
    case Color::kRed:
      return "\x1b[31m";
    case Color::kGreen:
      return "\x1b[32m";
    case Color::kYellow:
      return "\x1b[33m";
    case Color::kDim:
      break;
  }
  return "\x1b[2m";
}

}  // namespace

std::optional<ColorMode> ParseColorMode(const std::string& word) {
  if (word == "auto") return ColorMode::kAuto;
  if (word == "always") return ColorMode::kAlways;
  if (word == "never") return ColorMode::kNever;
  return std::nullopt;
}

Painter::Painter(std::FILE* file, ColorMode mode)
    : is_on_(mode == ColorMode::kAlways ||
             (mode == ColorMode::kAuto && !IsRefused() && IsTerminalWithColors(file))) {}

std::string Painter::operator()(Color color, const std::string& text) const {
  return is_on_ ? Begin(color) + text + "\x1b[0m" : text;
}

}  // namespace cli
