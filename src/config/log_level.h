#pragma once

#include <optional>
#include <string_view>

namespace config {

// The level that --log-level names, in any case as zap takes it: debug, info (or nothing), warn (or
// warning), error, panic (or dpanic) or fatal. Nothing for any other text.
std::optional<std::string_view> LogLevelName(std::string_view text);

}  // namespace config
