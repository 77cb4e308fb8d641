#pragma once

#include <string>

#include "runtime/posix/heap.h"
#include "server/server.h"

namespace app {

// What /debug/vars answers, as etcd does: the command line, the limit of file descriptors, how raft
// is, and of Go's memory statistics those that a program in C++ has. Reads files: for a worker.
std::string DebugVars(const server::Server& server, const runtime::posix::HeapUse& heap);

}  // namespace app
