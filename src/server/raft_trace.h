#pragma once

#include <cstdint>
#include <functional>
#include <string_view>

#include "raft/tracer.h"
#include "runtime/time.h"

namespace server {

// Writes the steps of raft nodes as lines of a state trace (raft/trace_json.h), each with its wall
// time, until they come to a bound. Belongs to the loop of the nodes.
class RaftTrace final : public raft::Tracer {
 public:
  struct Sink {
    // Of whole lines only.
    uint64_t bytes_max = 0;
    // Takes a line, its newline included.
    std::function<void(std::string_view line)> write;
    // The next line would exceed the bound; nothing is written from here on. Once.
    std::function<void()> on_full;
  };
  // `clock` outlives this.
  RaftTrace(const runtime::Clock* clock, Sink sink);

  void Trace(const raft::TraceEvent& event) override;
  // Nothing is written any more.
  void End() { has_ended_ = true; }

 private:
  const runtime::Clock& clock_;
  const Sink sink_;
  uint64_t written_ = 0;
  bool has_ended_ = false;
};

}  // namespace server
