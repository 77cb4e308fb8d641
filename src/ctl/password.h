#pragma once

#include <string>

#include "ctl/command.h"

namespace ctl {

// What is typed when `prompt` is shown, or the next line of what can be read, without white space
// around it; empty if there is none. A terminal does not show it, and does so again afterwards,
// also if a signal ends the program meanwhile, with status 255. Before there are threads.
std::string AskPassword(const Invocation& invocation, const std::string& prompt);

// The next word of the line that can be read; empty if there is none.
std::string ReadWord(std::FILE* in);

}  // namespace ctl
