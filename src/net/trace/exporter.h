#pragma once

#include <deque>
#include <memory>

#include "net/rpc/backoff.h"
#include "net/trace/collector.h"
#include "net/trace/otlp.h"
#include "net/trace/span.h"
#include "net/trace/span_room.h"
#include "observe/log.h"
#include "observe/metrics.h"
#include "runtime/loop.h"
#include "runtime/mailbox.h"

namespace trace {

// Sends the batches of all loops to a collector, one after the other, oldest first. While the
// collector is away they wait, in what the room has for them; one that it refuses is dropped.
// Belongs to a loop of its own, so that nobody waits for it.
class Exporter {
 public:
  struct Options {
    ResourceAttributes resource;
    // Between tries of a batch.
    rpc::Backoff::Options backoff = {.longest = std::chrono::seconds(30)};
    uint64_t seed = 0;  // of the back-off's chance
    // Between lines of the log that say the same.
    runtime::Duration log_interval = std::chrono::minutes(1);
  };
  struct Parts {
    runtime::Loop* loop;
    SpanRoom* room;
    const observe::Logger* logger;
    observe::Registry* registry;
  };

  // What `parts` names outlives the exporter.
  Exporter(const Options& options, const Parts& parts, std::unique_ptr<Collector> collector);
  // Drops what was not sent.
  ~Exporter();
  Exporter(const Exporter&) = delete;
  Exporter& operator=(const Exporter&) = delete;

  // Any thread, while this lives.
  void Take(Batch batch);

  // Sends what is there without waiting for a collector that is away, and runs `done` when nothing
  // is left that it would take.
  void Drain(base::Callback<void()> done);

 private:
  struct Report {
    runtime::TimePoint last = {};
    bool is_told = false;
  };

  void OnBatches(std::vector<Batch>& batches);
  void SendNext();
  void OnOutcome(Collector::Outcome outcome);
  void OnTaken(base::ByteView response);
  // Of the batch that was sent last.
  void Forget();
  // Whether it is time to say so again.
  bool IsDue(Report* report);
  // What was dropped without this loop.
  void CountDropped();

  const Options options_;
  runtime::Loop* const loop_;
  SpanRoom* const room_;
  const observe::Logger& logger_;
  const std::unique_ptr<Collector> collector_;
  rpc::Backoff backoff_;
  const std::unique_ptr<runtime::Timer> timer_;
  observe::Counter exported_;
  observe::Counter refused_;
  observe::Counter too_many_;
  std::deque<Batch> batches_;
  base::Bytes request_;  // the first of them, encoded; empty before it is
  bool is_sending_ = false;
  bool is_away_ = false;  // the collector, when it was asked last
  Report away_;
  Report refusal_;
  Report full_;
  uint64_t counted_ = 0;  // of the spans that the room had to drop
  uint64_t told_ = 0;     // likewise, in the log
  base::Callback<void()> on_drained_;
  runtime::Mailbox<Batch> mailbox_;
};

}  // namespace trace
