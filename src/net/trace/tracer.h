#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "net/rpc/server_call.h"
#include "net/trace/sampler.h"
#include "net/trace/span.h"
#include "net/trace/span_room.h"
#include "runtime/loop.h"
#include "runtime/random.h"

namespace trace {

// Records the spans of one loop's calls, as OpenTelemetry's instrumentation of gRPC in Go does: one
// a call, from its head to its status, and those below it that the services tell. Spans that have
// ended gather here, and leave as a batch. Belongs to the loop; outlives its calls.
class Tracer final : public rpc::CallTracer {
 public:
  struct Options {
    Sampler sampler;
    // Of the ids.
    uint64_t seed = 0;
    // A batch leaves with so many spans, or bytes, or as late as this after its first has ended.
    size_t batch_spans = 512;
    size_t batch_bytes = 1 << 20;
    runtime::Duration batch_delay = std::chrono::seconds(5);
    // What spans take that go on. Beyond it none begins: clients say how many there are.
    size_t open_bytes_max = size_t{8} << 20;
  };
  // Takes a batch, whose bytes are taken of the room; runs on the loop.
  using Sink = std::function<void(Batch batch)>;

  Tracer(const Options& options, runtime::Loop* loop, SpanRoom* room, Sink sink);
  ~Tracer() override;

  std::unique_ptr<rpc::CallTrace> Begin(const rpc::ServerCall& call) override;

  // Sends off what has gathered.
  void Flush();

  // Text that is longer is cut, so that nobody makes the member keep his keys twice.
  static constexpr size_t kTextBytesMax = 1024;

 private:
  class Call;

  SpanId NewSpanId();
  TraceId NewTraceId();
  // Takes the bytes of a span that begins; false, with it counted as dropped, without room.
  bool Open(size_t bytes);
  // A span that has ended, and what was taken for it.
  void Take(Span span, size_t open_bytes);

  const Options options_;
  runtime::Loop* const loop_;
  SpanRoom* const room_;
  const Sink sink_;
  runtime::Random random_;
  size_t open_bytes_ = 0;
  Batch batch_;
  const std::unique_ptr<runtime::Timer> timer_;
};

}  // namespace trace
