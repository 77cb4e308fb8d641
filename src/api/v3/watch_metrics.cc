#include "api/v3/watch_metrics.h"

namespace v3 {
namespace {

using observe::Family;

constexpr Family kStreams = {"etcd_debugging_mvcc_watch_stream_total", "Streams of watchers."};
constexpr Family kWatchers = {"etcd_debugging_mvcc_watcher_total", "Watchers."};
constexpr Family kSlowWatchers = {"etcd_debugging_mvcc_slow_watcher_total",
                                  "Watchers that are behind."};
constexpr Family kEvents = {"etcd_debugging_mvcc_events_total", "Events sent to watchers."};
constexpr Family kSent = {"etcd_debugging_server_watch_send_loop_watch_stream_duration_seconds",
                          "How long a watch's answer takes to be sent."};
constexpr Family kSentPerEvent = {
    "etcd_debugging_server_watch_send_loop_watch_stream_duration_per_event_seconds",
    "How long a watch's answer takes to be sent, for each of its events."};
constexpr Family kSentControl = {
    "etcd_debugging_server_watch_send_loop_control_stream_duration_seconds",
    "How long answers to a watch's requests take to be sent."};
constexpr Family kSentProgress = {"etcd_debugging_server_watch_send_loop_progress_duration_seconds",
                                  "How long a watch's progress takes to be sent."};

observe::Histogram AddHistogram(observe::Registry* registry, const Family& family) {
  return registry->AddHistogram(family, observe::Buckets::Exponential(0.001, 2, 14));
}

}  // namespace

WatchMetrics::WatchMetrics(observe::Registry* registry)
    : streams(registry->AddGauge(kStreams)),
      watchers(registry->AddGauge(kWatchers)),
      slow_watchers(registry->AddGauge(kSlowWatchers)),
      events(registry->AddCounter(kEvents)),
      sent(AddHistogram(registry, kSent)),
      sent_per_event(AddHistogram(registry, kSentPerEvent)),
      sent_control(AddHistogram(registry, kSentControl)),
      sent_progress(AddHistogram(registry, kSentProgress)) {}

// Why not each by itself: an answer takes about as long as two looks at the clock.
void WatchMetrics::ObserveTold(size_t answers, uint64_t told, runtime::Duration took) {
  const double seconds = std::chrono::duration<double>(took).count();
  for (size_t i = 0; i < answers; ++i) {
    sent.Observe(seconds / static_cast<double>(answers));
    sent_per_event.Observe(seconds / static_cast<double>(told));
  }
}

}  // namespace v3
