#pragma once

#include <cstddef>
#include <cstdint>

#include "observe/metrics.h"
#include "runtime/time.h"

namespace v3 {

// What the watches of a loop count, under etcd's names. Belongs to the loop.
struct WatchMetrics {
  explicit WatchMetrics(observe::Registry* registry);

  // So many answers, that told of so many events together, were sent one after the other.
  void ObserveTold(size_t answers, uint64_t told, runtime::Duration took);

  observe::Gauge streams;
  observe::Gauge watchers;
  // Those that are behind the present. Compat: etcd's slow watchers are the same.
  observe::Gauge slow_watchers;
  observe::Counter events;  // that were told
  // How long answers took to be handed to the connection: those with events, each and by the event;
  // those to what clients ask for; those of progress.
  observe::Histogram sent;
  observe::Histogram sent_per_event;
  observe::Histogram sent_control;
  observe::Histogram sent_progress;
};

}  // namespace v3
