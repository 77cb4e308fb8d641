#pragma once

#include <string>
#include <vector>

#include "cli/command.h"

// The texts of cobra's templates, as etcd's programs show them.

namespace cli {

// A command and those above it, the root first.
using CommandPath = std::vector<const Command*>;

// "etcdctl snapshot save".
std::string PathText(const CommandPath& path);
// Compat: where help is asked for what there is not, the flag --help is not among the others.
std::string UsageText(const CommandPath& path, bool with_help = true);
// With the description in front, and the hint at the global flags.
std::string HelpText(const CommandPath& path);

// The subcommand that `word` names: by its name, or as the only one that begins so where prefixes
// are taken. Null if none.
const Command* FindSubcommand(const Command& command, const std::string& word);

// "unknown command ..." with the names that the word resembles.
std::string UnknownCommandText(const Command& root, const std::string& word);

// The commands that every program has: help for the command that the arguments name, and the root's
// flags.
Outcome ShowHelp(const Command& root, const Invocation& invocation);
Outcome ShowOptions(const Command& root, const Invocation& invocation);

}  // namespace cli
