#pragma once

#include <map>

#include "net/rpc/server.h"
#include "observe/log.h"
#include "observe/metrics.h"
#include "runtime/time.h"

namespace app {

// Tells operators how long the calls of one net thread took: with --metrics extensive in a
// histogram for each method, and unary calls that took too long in the log. Belongs to its thread.
class CallReport {
 public:
  struct Options {
    bool histograms = false;
    // Unary calls that take longer are logged.
    runtime::Duration slow;
  };
  // All outlive the calls.
  CallReport(const Options& options, const observe::Logger* logger, observe::Registry* registry)
      : options_(options), logger_(*logger), registry_(registry) {}

  // Reports the calls of the methods that `table` has.
  void Watch(rpc::Server& table);

 private:
  void Ended(const rpc::Method& method, const rpc::Method::Ended& ended);

  const Options options_;
  const observe::Logger& logger_;
  observe::Registry* const registry_;
  std::map<const rpc::Method*, observe::Histogram> histograms_;  // empty without them
};

}  // namespace app
