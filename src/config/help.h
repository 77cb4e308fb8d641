#pragma once

#include <string>

namespace config {

// The ways to call the program; printed with a malformed command line.
std::string UsageText();

// Every flag with its default and meaning, by sections.
std::string HelpText();

// etcd's four lines. Clients and scripts read the first.
std::string VersionText();

}  // namespace config
