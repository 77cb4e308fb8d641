#pragma once

#include <cstdio>
#include <optional>
#include <string>
#include <vector>

#include "cli/flags.h"
#include "cli/outcome.h"

namespace cli {

// What a command is run with. The files are the process's.
struct Invocation {
  Flags& flags;
  const std::vector<std::string>& arguments;
  std::FILE* in;  // null: nothing can be read
  std::FILE* out;
  std::FILE* err;
  // The command line as it was given, without the program's name.
  std::vector<std::string> words = {};
};

// One command of a tree, in cobra's terms. The root is the program.
struct Command {
  std::string name;
  std::string alias = {};  // empty: none
  std::string use;         // the usage line, from the name on
  std::string short_text;
  std::string long_text = {};
  std::string example = {};
  std::string group = {};
  std::vector<FlagSpec> flags = {};             // of this command only
  std::vector<FlagSpec> persistent_flags = {};  // of this and those below
  std::vector<Command> subcommands = {};
  Outcome (*run)(const Invocation&) = nullptr;  // null: it only has subcommands
  std::optional<size_t> argument_count = {};    // checked before it is run
  // If not empty: what each argument may be; checked before it is run.
  std::vector<std::string> valid_arguments = {};
  bool use_shows_flags = true;  // the usage line ends in "[flags]"

  // Of a root alone.
  std::vector<std::string> groups = {};  // of the commands below it, in the order of help
  // If not empty: the variable of the environment that says what --color is if no flag does.
  std::string color_variable = {};
  // If not empty: how help ends, which then does not show the root's flags, nor which it has.
  std::string flags_hint = {};
  bool help_describes = true;  // begins with the description
  // Of a root, or of a command with subcommands: those may be named by what their names begin with.
  bool takes_prefixes = true;
  // Its name's begins mean others first, as where it is not: what is etcd's must not become
  // ambiguous by it.
  bool yields_prefixes = false;
};

// Writes to the file at once.
void Print(std::FILE* file, const std::string& text);
// Why no endpoint could be reached, as a line of etcd's log; nothing if that is empty.
void PrintCause(std::FILE* file, const std::string& cause);
// All that can be read from it; nothing if it is null.
std::string ReadAll(std::FILE* file);

}  // namespace cli
