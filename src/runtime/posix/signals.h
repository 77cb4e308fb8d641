#pragma once

#include <optional>

#include "runtime/time.h"

namespace runtime::posix {

// Has SIGQUIT and SIGTERM end the process though it was told to ignore them, as shells tell what
// scripts start in the background. Compat: Go's programs heed them so. At the start.
void HeedEndingSignals();

// Calls it, keeps SIGINT and SIGTERM from ending the process, and signals that end a program of C
// but not one of Go (SIGPIPE, SIGUSR1, SIGUSR2 and the like) from doing anything. Before other
// threads start.
void HoldSignals();

// Keeps SIGINT and SIGTERM from this thread, and from those that it starts from now on.
void HoldTerminationSignals();

// Blocks until SIGINT or SIGTERM arrives, and returns it.
int WaitForTerminationSignal();
// As above, but for `timeout` at most.
std::optional<int> WaitForTerminationSignal(Duration timeout);

// From now on SIGINT and SIGTERM end the process at once. On the thread that waited for them.
void ReleaseTerminationSignals();

// Sends the process SIGTERM, as who stops it does. Any thread.
void SendTerminationSignal();

// Ends the process with that status, whatever its other threads are doing. Any thread.
[[noreturn]] void ExitAtOnce(int status);

// Ends the process as `signal` would have: what started it can tell why it ended.
[[noreturn]] void DieOf(int signal);

}  // namespace runtime::posix
