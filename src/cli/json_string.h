#pragma once

#include <string>

namespace cli {

// As Go's encoding/json writes it, which scripts compare byte by byte.
std::string JsonString(const std::string& text);

}  // namespace cli
