#pragma once

#include <string>
#include <string_view>

#include "base/status.h"
#include "config/flag_table.h"

namespace config {

// Sets what `flag` stands for from a text in Go's syntax; the configuration is unchanged if that
// fails. The failure's text is the reason alone ("parse error"), as Go's flag package has it.
base::Status SetFlag(const Flag& flag, std::string_view text, ServerConfig& config);

// The value of `flag` in a form that SetFlag reads back; empty for switches without a value.
std::string FormatFlag(const Flag& flag, const ServerConfig& config);

}  // namespace config
