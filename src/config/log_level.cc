#include "config/log_level.h"

#include <algorithm>
#include <utility>

namespace config {
namespace {

constexpr std::pair<std::string_view, std::string_view> kLevels[] = {
    {"debug", "debug"}, {"info", "info"},    {"", "info"},
    {"warn", "warn"},   {"warning", "warn"}, {"error", "error"},
    {"panic", "panic"}, {"dpanic", "panic"}, {"fatal", "fatal"}};

char Lower(char letter) {
  return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
}

}  // namespace

std::optional<std::string_view> LogLevelName(std::string_view text) {
  for (const auto& [spelling, level] : kLevels) {
    if (std::equal(text.begin(), text.end(), spelling.begin(), spelling.end(),
                   [](char a, char b) { return Lower(a) == b; })) {
      return level;
    }
  }
  return std::nullopt;
}

}  // namespace config
