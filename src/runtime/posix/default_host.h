#pragma once

#include <string>

namespace runtime::posix {

// The address from which this host speaks on its default route, IPv4 if it has one; empty if there
// is no such route. Sends nothing.
std::string DefaultHost();

}  // namespace runtime::posix
