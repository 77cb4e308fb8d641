#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>

#include "base/status.h"
#include "observe/log.h"
#include "observe/metrics.h"
#include "runtime/time.h"
#include "server/metrics.h"

namespace google::protobuf {
class Message;
}
namespace server {
class Server;
}

namespace v3 {

// Tells operators of reads that were served without the log: counts and durations as metrics, and
// those that took too long in the log too. Belongs to one loop.
class ReadReport {
 public:
  // The server's registry and logger outlive this.
  explicit ReadReport(const server::Server& server);

  enum class Kind { kRange, kTxn };
  struct Read {
    Kind kind;
    const google::protobuf::Message* request;
    base::Status status;
    size_t ranges;         // that were read
    std::string response;  // what is told of the answer, if it was slow
    runtime::Duration took;
  };
  bool IsSlow(runtime::Duration took) const { return took > slow_; }
  void Done(const Read& read);

  void CountRanges(size_t count) { operations_.Add({.ranges = count}); }
  // How long the keys of one RangeRequest were read, without what it waited before.
  void RangeTook(bool success, runtime::Duration took);

 private:
  const observe::Logger& logger_;
  observe::Registry* const registry_;
  const runtime::Duration slow_;
  server::OperationMetrics operations_;
  // By success; none before the first of its kind.
  using BySuccess = std::array<std::optional<observe::Histogram>, 2>;
  BySuccess range_seconds_;
  BySuccess range_requests_;
  BySuccess txn_requests_;
  observe::Counter slow_requests_;
};

}  // namespace v3
