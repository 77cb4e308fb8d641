#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "ctl_v2/command.h"

// Command lines in the grammar of etcdctl for the v2 API, which is Go's package flag (see
// cli/go_flags.h) with other names for some flags; those of a command may stand between its
// arguments, up to "--".

namespace ctl_v2 {

// The flags that every command has beside its own: --help, -h.
std::vector<Flag> WithHelp(std::vector<Flag> flags);

// Parses words up to the first that belongs to no flag. Returns the rest; kInvalidArgument in the
// words of Go.
base::Result<std::vector<std::string>> ParseFlags(const std::vector<Flag>& known,
                                                  const std::vector<std::string>& words,
                                                  cli::Flags* flags);

// The words of a command with its flags in front of all else. What is no flag of it is none, nor is
// what follows "--".
std::vector<std::string> FlagsFirst(const Command& command, const std::vector<std::string>& words);

// The help of a command; `path`: its name with those above it.
std::string HelpText(const Command& command, const std::string& path);

}  // namespace ctl_v2
