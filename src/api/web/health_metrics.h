#pragma once

#include <map>
#include <mutex>
#include <string>
#include <utility>

#include "observe/metrics.h"

namespace web {

// Results of health checks, whichever thread ran them, as etcd's metrics tell them. Any thread.
class HealthMetrics {
 public:
  // Of /health.
  void CountHealth(bool healthy);
  // Of one check of /livez or /readyz; `type` is the path without its slash.
  void CountCheck(const std::string& type, const std::string& name, bool success);

  void Collect(observe::Samples& samples) const;

 private:
  struct Check {
    uint64_t successes = 0;
    uint64_t errors = 0;
    bool last = false;
  };

  mutable std::mutex mutex_;
  uint64_t healthy_ = 0;                                         // guarded by mutex_
  uint64_t unhealthy_ = 0;                                       // guarded by mutex_
  std::map<std::pair<std::string, std::string>, Check> checks_;  // guarded by mutex_
};

}  // namespace web
