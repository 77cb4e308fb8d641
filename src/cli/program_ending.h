#pragma once

#include <string>

namespace cli {

// What Go says of a program that could not be started, for this error number.
std::string WhyNotStarted(const std::string& program, int error);
// And of how one ended, by what waitpid tells; empty if it ended with 0.
std::string HowItEnded(int status);

}  // namespace cli
