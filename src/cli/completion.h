#pragma once

#include <string>

#include "cli/command.h"

// Scripts that have a shell complete the words of a program's command lines: its commands, and
// their flags where a word begins with a dash. They know the commands by heart and run nothing.

namespace cli {

std::string BashCompletion(const Command& root);
std::string ZshCompletion(const Command& root);
std::string FishCompletion(const Command& root);
std::string PowerShellCompletion(const Command& root);

// The command `completion` of a program of this name, whose one argument names the shell; `run`
// calls ShowCompletion with the program's root.
Command CompletionCommand(const std::string& program, Outcome (*run)(const Invocation&));
Outcome ShowCompletion(const Command& root, const Invocation& invocation);

}  // namespace cli
