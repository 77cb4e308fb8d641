#pragma once

namespace runtime::posix {

// A tool's: SIGHUP, SIGINT, SIGQUIT, SIGPIPE and SIGTERM remove what it has in the making
// (runtime/unfinished.h), and then end it as they would have. SIGHUP, SIGINT and
// SIGPIPE stay ignored if the process was told to ignore them. Before other threads start, and on
// the one that makes all of it.
void RemoveUnfinishedAtSignals();

}  // namespace runtime::posix
