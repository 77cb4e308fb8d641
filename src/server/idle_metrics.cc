#include "server/idle_metrics.h"

#include <array>

#include "server/tree_metrics.h"

namespace server {
namespace {

using observe::Buckets;
using observe::Family;

constexpr std::array kCounters = {
    kTreeWatches,
    Family{"etcd_grpc_proxy_events_coalescing_total", "Events that a proxy sent as one."},
};

constexpr std::array kGauges = {
    Family{"etcd_debugging_mvcc_pending_events_total", "Events that wait to be sent to watchers."},
    kTreeWatchers,
    Family{"etcd_grpc_proxy_cache_hits_total", "Answers that a proxy had already."},
    Family{"etcd_grpc_proxy_cache_keys_total", "Keys and ranges that a proxy has."},
    Family{"etcd_grpc_proxy_cache_misses_total", "Answers that a proxy did not have."},
    Family{"etcd_grpc_proxy_watchers_coalescing_total", "Watchers that a proxy serves as one."},
    Family{"etcd_server_snapshot_apply_in_progress_total",
           "1 while the state of another member is taken over, 0 otherwise."},
};

struct Histogram {
  Family family;
  double start;
  int count;
};

constexpr std::array kHistograms = {
    Histogram{{"etcd_debugging_disk_backend_commit_rebalance_duration_seconds",
               "How long bbolt rebalances its pages in a commit."},
              0.001,
              14},
    Histogram{{"etcd_debugging_disk_backend_commit_spill_duration_seconds",
               "How long bbolt splits its pages in a commit."},
              0.001,
              14},
    Histogram{{"etcd_debugging_mvcc_index_compaction_pause_duration_milliseconds",
               "How long the index is locked for a compaction; ours is not."},
              0.5,
              14},
    Histogram{{"etcd_snap_db_fsync_duration_seconds",
               "How long it takes to fsync a database received from another member."},
              0.001,
              14},
    Histogram{{"etcd_snap_db_save_total_duration_seconds",
               "How long it takes to save a database received from another member."},
              0.1,
              10},
};

}  // namespace

void AddIdleMetrics(observe::Registry* registry) {
  for (const Family& family : kCounters) registry->AddCounter(family);
  for (const Family& family : kGauges) registry->AddGauge(family);
  for (const Histogram& histogram : kHistograms) {
    registry->AddHistogram(histogram.family,
                           Buckets::Exponential(histogram.start, 2, histogram.count));
  }
}

}  // namespace server
