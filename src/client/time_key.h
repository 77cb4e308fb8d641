#pragma once

#include <string>

namespace client {

// A key that there is hardly yet: the prefix, and how many nanoseconds have passed since 1970.
// Compat: such are the names of etcd's recipes. Any thread.
std::string TimeKey(const std::string& prefix);

}  // namespace client
