#pragma once

#include <cstdio>
#include <string>
#include <vector>

#include "ctl/flags.h"
#include "ctl/outcome.h"

namespace ctl {

// What a command is run with. The files are the process's.
struct Invocation {
  Flags& flags;  // what the environment sets is added when the client is made
  const std::vector<std::string>& arguments;
  std::FILE* in;  // null: nothing can be read
  std::FILE* out;
  std::FILE* err;
  // The command line as it was given, without the program's name.
  std::vector<std::string> words = {};
};

// One command of the tree, in cobra's terms.
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
  // Subcommands of etcdctl 3.7 that there are not: a prefix may mean them, too.
  std::vector<std::string> absent = {};
  Outcome (*run)(const Invocation&) = nullptr;  // null: it only has subcommands
};

// The tree below "etcdctl", built once.
const Command& RootCommand();

// The whole program: parses, runs, reports. Returns the exit status.
int Main(const std::vector<std::string>& words);

// Writes to the file.
void Print(std::FILE* file, const std::string& text);
// Why no endpoint could be reached, as a line of etcd's log; nothing if that is empty.
void PrintCause(std::FILE* file, const std::string& cause);
// All that can be read from it; nothing if it is null.
std::string ReadAll(std::FILE* file);

}  // namespace ctl
