#pragma once

#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "config/flag_table.h"

namespace config {

// What the arguments say, read as Go's flag package reads them: one dash or two, the value after an
// equals sign or in the next argument, switches only with an equals sign, the last of several
// wins, and the first argument that is no flag, or follows "--", ends the flags.
struct CommandLine {
  ServerConfig config;
  // Names of the flags that were given.
  std::set<std::string_view> given;
  bool help = false;
  bool version = false;
  // The first argument that is no flag.
  std::optional<std::string> stray;
};

// What was meant by a command line that was refused for a flag that there is not, or for a value
// that is none of a flag's choices: lines to go behind the usage; empty if nothing is near.
std::string MeantInPlaceOf(std::span<const std::string> arguments);

// Failures are Go's texts: `flag provided but not defined: -x`, `invalid value "y" for flag -x:
// ...`.
base::Result<CommandLine> ParseCommandLine(std::span<const std::string> arguments);

}  // namespace config
