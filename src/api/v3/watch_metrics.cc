#include "api/v3/watch_metrics.h"

namespace v3 {
namespace {

using observe::Family;

constexpr Family kStreams = {"etcd_debugging_mvcc_watch_stream_total", "Streams of watchers."};
constexpr Family kWatchers = {"etcd_debugging_mvcc_watcher_total", "Watchers."};
constexpr Family kSlowWatchers = {"etcd_debugging_mvcc_slow_watcher_total",
                                  "Watchers that are behind."};
constexpr Family kEvents = {"etcd_debugging_mvcc_events_total", "Events sent to watchers."};

}  // namespace

WatchMetrics::WatchMetrics(observe::Registry* registry)
    : streams(registry->AddGauge(kStreams)),
      watchers(registry->AddGauge(kWatchers)),
      slow_watchers(registry->AddGauge(kSlowWatchers)),
      events(registry->AddCounter(kEvents)) {}

}  // namespace v3
