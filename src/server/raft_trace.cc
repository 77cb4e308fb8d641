#include "server/raft_trace.h"

#include <string>
#include <utility>

#include "raft/trace_json.h"

namespace server {

RaftTrace::RaftTrace(const runtime::Clock* clock, Sink sink)
    : clock_(*clock), sink_(std::move(sink)) {}

void RaftTrace::Trace(const raft::TraceEvent& event) {
  if (has_ended_) return;
  const std::string line = raft::TraceLine(event, clock_.WallNow().unix_nanos);
  if (line.size() > sink_.bytes_max - written_) {
    End();
    return sink_.on_full();
  }
  written_ += line.size();
  sink_.write(line);
}

}  // namespace server
