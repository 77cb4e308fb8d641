#pragma once

#include <string>
#include <vector>

#include "cli/flags.h"

namespace dump {

// A program whose flags are those of Go's package flag.
struct GoProgram {
  std::string name;  // how it was called
  std::vector<cli::FlagSpec> flags;
  std::string about;  // below the flags, in the usage
  int (*run)(const cli::Flags& flags, const std::vector<std::string>& arguments);
};

// Reads the flags and runs it; returns the exit status. A mistake is told on standard error with
// the usage, and is status 2.
int RunGoProgram(const GoProgram& program, const std::vector<std::string>& words);

}  // namespace dump
