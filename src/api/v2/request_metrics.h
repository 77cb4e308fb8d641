#pragma once

#include <map>
#include <string>
#include <utility>

#include "base/bytes.h"
#include "observe/metrics.h"
#include "runtime/time.h"

namespace v2 {

// What one loop counts of the requests of /v2/keys. Compat: watches count only when they are
// refused; there is no series before the first of its labels. Belongs to the loop.
class RequestMetrics {
 public:
  // It outlives this.
  explicit RequestMetrics(observe::Registry* registry);

  // `method`: GET, or QGET for one that is linearizable.
  void Received(const std::string& method);
  void Failed(const std::string& method, int status);
  void Completed(const std::string& method, runtime::Duration took);

  void Watched() { watches_.Add(); }
  void CountWatchers(int change) { watchers_.Add(change); }

 private:
  observe::Registry& registry_;
  observe::Counter watches_;
  observe::Gauge watchers_;
  std::map<std::string, observe::Counter> received_;
  std::map<std::pair<std::string, int>, observe::Counter> failed_;
  std::map<std::string, observe::Histogram> completed_;
};

}  // namespace v2
