#pragma once

#include "observe/metrics.h"

namespace v3 {

// What the watches of a loop count, under etcd's names. Belongs to the loop.
struct WatchMetrics {
  explicit WatchMetrics(observe::Registry* registry);

  observe::Gauge streams;
  observe::Gauge watchers;
  // Those that are behind the present. Compat: etcd's slow watchers are the same.
  observe::Gauge slow_watchers;
  observe::Counter events;  // that were told
};

}  // namespace v3
