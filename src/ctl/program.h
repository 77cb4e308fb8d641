#pragma once

#include <string>
#include <vector>

namespace ctl {

// How a program ended that was run.
struct ProgramEnding {
  // Nothing, or in Go's words how it failed.
  std::string failure = {};
  // Its own; 1 if it was not started, -1 if a signal ended it.
  int exit_code = 0;
};

// Runs a program, and waits until it ends. It inherits standard output and error, but not which
// signals are kept off, and has nothing to read. `command` is not empty; `environment` has
// "NAME=value" each.
ProgramEnding RunProgram(const std::vector<std::string>& command,
                         const std::vector<std::string>& environment);

// The same without waiting for its end. Returns why it was not started; empty if it was.
std::string StartProgram(const std::vector<std::string>& command,
                         const std::vector<std::string>& environment);
// Of programs that were started so, those that have ended take no place in the system any more.
void ForgetEndedPrograms();

// The same as RunProgram for one that reads `input` and whose standard output is `*output`.
ProgramEnding RunFilter(const std::vector<std::string>& command, const std::string& input,
                        std::string* output);

// What this process has in its environment, and these; of a name that both have, these if
// `replaces`.
std::vector<std::string> EnvironmentWith(const std::vector<std::string>& ours, bool replaces);

}  // namespace ctl
