#pragma once

#include <cstdint>
#include <string>

#include "raft/tracer.h"

namespace raft {

// A line of a state trace, as etcd/raft's own are: a line of zap's log with the tag "trace", which
// ends in a newline. `unix_nanos` is the time by which lines of several members are put in order.
std::string TraceLine(const TraceEvent& event, int64_t unix_nanos);

}  // namespace raft
