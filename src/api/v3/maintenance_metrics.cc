#include "api/v3/maintenance_metrics.h"

namespace v3 {
namespace {

using observe::Buckets;
using observe::Family;

constexpr Family kHash = {"etcd_mvcc_hash_duration_seconds",
                          "The latency distribution of storage hash operation."};
constexpr Family kHashKv = {"etcd_mvcc_hash_rev_duration_seconds",
                            "The latency distribution of storage hash by revision operation."};
constexpr Family kSnapshot = {"etcd_disk_backend_snapshot_duration_seconds",
                              "The latency distribution of backend snapshots."};

}  // namespace

MaintenanceMetrics::MaintenanceMetrics(observe::Registry* registry)
    : hash_seconds(registry->AddHistogram(kHash, Buckets::Exponential(0.01, 2, 15))),
      hash_kv_seconds(registry->AddHistogram(kHashKv, Buckets::Exponential(0.01, 2, 15))),
      snapshot_seconds(registry->AddHistogram(kSnapshot, Buckets::Exponential(0.01, 2, 17))) {}

}  // namespace v3
