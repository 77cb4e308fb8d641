#include "cli/program_ending.h"

#include <sys/wait.h>

#include <cctype>
#include <cstring>

#include "base/errno_text.h"
#include "base/go_text.h"

namespace cli {

std::string WhyNotStarted(const std::string& program, int error) {
  if (program.find('/') == std::string::npos) {
    return "exec: " + base::Quote(program) + ": executable file not found in $PATH";
  }
  return "fork/exec " + program + ": " + base::ErrnoText(error);
}

std::string HowItEnded(int status) {
  if (WIFEXITED(status)) {
    const int code = WEXITSTATUS(status);
    return code == 0 ? "" : "exit status " + std::to_string(code);
  }
  std::string name = strsignal(WTERMSIG(status));
  name[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(name[0])));
  return "signal: " + name + (WCOREDUMP(status) ? " (core dumped)" : "");
}

}  // namespace cli
