#include "cli/output.h"

#include <atomic>
#include <cerrno>
#include <string>

#include "base/errno_text.h"

namespace cli {
namespace {

// Of the last write that failed, other than to standard error: a program has one output.
std::atomic<int> error_of_output = 0;

void Note(std::FILE* file, bool is_written) {
  if (!is_written && file != stderr) error_of_output = errno;
}

}  // namespace

void Write(std::FILE* file, std::string_view text) {
  Note(file, std::fwrite(text.data(), 1, text.size(), file) == text.size());
}

void Flush(std::FILE* file) {
  Note(file, std::fflush(file) == 0);
}

Outcome OutcomeOfOutput(std::FILE* out) {
  Flush(out);
  if (std::ferror(out) == 0 || error_of_output == EPIPE) return {};
  return Failed(kExitError, "write /dev/stdout: " + base::ErrnoText(error_of_output));
}

int StatusWithOutput(int exit_code) {
  const Outcome outcome = OutcomeOfOutput(stdout);
  if (outcome.ok()) return exit_code;
  Write(stderr, "Error: " + outcome.error + "\n");
  return exit_code == kExitSuccess ? outcome.exit_code : exit_code;
}

}  // namespace cli
