#pragma once

#include <cstdio>
#include <string_view>

#include "cli/outcome.h"

// Whatever a tool prints must have been written when it ends with success: all of it goes this way.

namespace cli {

// May wait in the file's buffer.
void Write(std::FILE* file, std::string_view text);
// What waits there. Any thread, as above.
void Flush(std::FILE* file);

// Not ok if what was written to the program's output could not be, with the reason. That nobody
// reads any more, of a pipe, is no failure: he has seen enough.
Outcome OutcomeOfOutput(std::FILE* out);

// How a program ends that is about to end with `exit_code`: where success would not be true, it
// says so on standard error.
int StatusWithOutput(int exit_code);

}  // namespace cli
