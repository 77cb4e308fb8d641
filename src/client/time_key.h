#pragma once

#include <etcd/client.h>

#include <string>

namespace client {

// A key that there is hardly yet: the prefix, and how many nanoseconds have passed since 1970 by
// the clock of the client's host.
// Compat: such are the names of etcd's recipes. Any thread.
std::string TimeKey(const etcd::Client& client, const std::string& prefix);

}  // namespace client
