#pragma once

namespace runtime::posix {

// Keeps SIGINT and SIGTERM from ending the process, and SIGPIPE from doing anything. Before other
// threads start.
void HoldTerminationSignals();

// Blocks until one of the held signals arrives, and returns it.
int WaitForTerminationSignal();

// Ends the process as `signal` would have: what started it can tell why it ended.
[[noreturn]] void DieOf(int signal);

}  // namespace runtime::posix
