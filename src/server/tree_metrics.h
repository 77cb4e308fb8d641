#pragma once

#include "observe/metrics.h"
#include "state/v2/statistics.h"

namespace server {

// What watches of the v2 API count; written by those who serve it.
inline constexpr observe::Family kTreeWatches = {"etcd_debugging_store_watch_requests_total",
                                                 "Watches of the v2 store asked for."};
inline constexpr observe::Family kTreeWatchers = {"etcd_debugging_store_watchers",
                                                  "Watchers of the v2 store."};

// What was done to the tree of the v2 API, by action: nothing as long as nobody has one.
void CollectTree(const v2::Statistics& counts, observe::Samples& samples);

}  // namespace server
