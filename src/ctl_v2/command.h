#pragma once

#include <string>
#include <vector>

#include "cli/command.h"
#include "cli/flags.h"

namespace ctl_v2 {

// The exit statuses of etcdctl for the v2 API.
enum ExitCode : int {
  kExitSuccess = 0,
  kExitBadArguments = 1,
  kExitBadConnection = 2,
  kExitNoSuchCommand = 3,
  kExitServerError = 4,
  kExitNotHealthy = 5,
};

// What a command is run with: its own flags and arguments, and the flags before its name.
struct Call {
  const cli::Flags& globals;
  cli::Invocation own;
};

// A flag under its name, and under another one or none.
struct Flag {
  cli::FlagSpec spec;
  std::string alias = {};
};

// One command of a tree; the root is the program.
struct Command {
  std::string name;
  std::string short_text;
  std::string arguments = {};  // as the usage line has them
  std::string long_text = {};
  std::vector<Flag> flags = {};
  std::vector<Command> subcommands = {};
  int (*run)(const Call&) = nullptr;  // null: it only has subcommands
  // "--" is one of its arguments, unless it is the first.
  bool keeps_dashes = false;
};

// The tree below "etcdctl" that the v2 API has, built once.
const Command& RootCommand();

// The whole program: parses, runs, reports. Returns the exit status.
int Run(const std::vector<std::string>& words);

}  // namespace ctl_v2
