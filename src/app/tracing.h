#pragma once

#include <future>
#include <memory>

#include "base/result.h"
#include "config/server_config.h"
#include "net/trace/exporter.h"
#include "net/trace/sampler.h"
#include "net/trace/span_room.h"
#include "net/trace/tracer.h"
#include "observe/log.h"
#include "observe/metrics.h"
#include "runtime/asio/loop.h"
#include "runtime/asio/network.h"
#include "runtime/disk.h"

namespace app {

// The traces of a process: what records them, one for each net loop, and a thread that sends them
// to the collector. Belongs to the thread that makes it.
class Tracing {
 public:
  // As the configuration says, which has tracing enabled. Waits for no collector. What is passed
  // outlives the result.
  static base::Result<std::unique_ptr<Tracing>> Open(const config::TracingConfig& config,
                                                     runtime::Disk* disk,
                                                     const observe::Logger* logger,
                                                     observe::Registry* registry);
  ~Tracing();
  Tracing(const Tracing&) = delete;
  Tracing& operator=(const Tracing&) = delete;

  // For one loop, on that loop.
  std::unique_ptr<trace::Tracer> NewTracer(runtime::Loop* loop);

  // Sends what the tracers have flushed, and goes on meanwhile.
  void BeginDrain();
  // Waits until that is sent, up to a second after BeginDrain, and ends the thread. The tracers
  // record nothing any more.
  void Close();

 private:
  explicit Tracing(const config::TracingConfig& config);

  const trace::Sampler sampler_;
  trace::SpanRoom room_;
  runtime::asio::LoopThread thread_;
  runtime::asio::Network network_;
  std::unique_ptr<trace::Exporter> exporter_;  // of the thread
  std::future<void> drained_;                  // not valid before BeginDrain
  runtime::TimePoint drain_end_ = {};
};

}  // namespace app
