#pragma once

#include <string>
#include <vector>

#include "ctl/command.h"

// The texts of cobra's templates, as etcdctl shows them.

namespace ctl {

// A command and those above it, the root first.
using CommandPath = std::vector<const Command*>;

std::string UsageText(const CommandPath& path);
// With the description in front, and the hint at the global flags.
std::string HelpText(const CommandPath& path);

// The subcommand that `word` names: by its name, or as the only one that begins so. Null if none.
const Command* FindSubcommand(const Command& command, const std::string& word);

// "unknown command ..." with the names that the word resembles.
std::string UnknownCommandText(const std::string& word);

}  // namespace ctl
