#pragma once

#include "observe/metrics.h"

namespace server {

class Server;

// What the loops of a member measure, under etcd's names. Each handle is written by the one loop
// that it is made for.

struct LogMetrics {
  explicit LogMetrics(observe::Registry* registry);
  observe::Histogram fsync_seconds;  // a write of the log and its sync
  observe::Gauge written_bytes;
};

struct ApplyMetrics {
  explicit ApplyMetrics(observe::Registry* registry);
  observe::Histogram commit_seconds;  // of a batch, to the database
  observe::Counter puts;
  observe::Counter deletes;
  observe::Counter txns;
};

struct FrontendMetrics {
  explicit FrontendMetrics(observe::Registry* registry);
  observe::Gauge proposals_pending;
  observe::Counter proposals_failed;
  observe::Counter reads_failed;
};

// Adds what a member publishes of itself to every scrape; it outlives the scrapes.
void AddServerMetrics(Server* server, observe::Registry* registry);

}  // namespace server
