#pragma once

#include "observe/metrics.h"

namespace v3 {

// What the calls of Maintenance measure, under etcd's names. Belongs to one loop.
struct MaintenanceMetrics {
  explicit MaintenanceMetrics(observe::Registry* registry);

  observe::Histogram hash_seconds;      // of the whole database
  observe::Histogram hash_kv_seconds;   // of the keys at a revision
  observe::Histogram snapshot_seconds;  // from its first byte to its last
};

}  // namespace v3
