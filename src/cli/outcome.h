#pragma once

#include <string>
#include <utility>

namespace cli {

// The exit statuses of etcd's tools.
enum ExitCode : int {
  kExitSuccess = 0,
  kExitError = 1,
  kExitBadConnection = 2,
  kExitInvalidInput = 3,
  kExitBadFeature = 4,
  kExitInterrupted = 5,
  kExitBadArguments = 128,
};

// How a command ended.
struct [[nodiscard]] Outcome {
  int exit_code = kExitSuccess;
  // What stands behind "Error: "; empty if there is nothing to say.
  std::string error = {};
  // Why it came to that, for people, if the error does not tell: it goes above it.
  std::string cause = {};

  bool ok() const { return exit_code == kExitSuccess; }
};

inline Outcome Failed(int exit_code, std::string error) {
  return {exit_code, std::move(error), {}};
}

}  // namespace cli
