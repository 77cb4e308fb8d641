#pragma once

#include <etcd/client.h>

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "ctl/histogram.h"
#include "ctl/load.h"
#include "ctl/load_report.h"
#include "runtime/posix/loop_pool.h"
#include "runtime/posix/parker.h"
#include "runtime/random.h"

namespace ctl {

using Clients = std::vector<std::unique_ptr<etcd::Client>>;

// Keys that are put for their size alone. In bytes; the key's without the prefix.
struct PutSizes {
  size_t key;  // at least 8
  size_t value;
};

// A load of puts by clients, each of another key with a prefix, on a thread of its own.
class MeasuredPuts {
 public:
  // Begins. The clients and the parker outlive it.
  MeasuredPuts(const Clients* clients, std::string prefix, const PutSizes& sizes,
               const LoadOptions& options, runtime::posix::Parker* parker);
  // The puts have ended, or the clients have.
  ~MeasuredPuts() = default;
  MeasuredPuts(const MeasuredPuts&) = delete;
  MeasuredPuts& operator=(const MeasuredPuts&) = delete;

  // Parks until the last put has ended. `is_enough` is asked whenever somebody unparks: true stops
  // the load.
  LoadReport Wait(const std::function<bool()>& is_enough);

  // Puts that have ended. Any thread.
  uint64_t answered() const { return answered_; }

 private:
  // On the loop.
  void Begin(size_t client, Load::Done done);
  void OnDone(const std::string& error, const std::shared_ptr<Load::Done>& done);
  void End();

  const Clients& clients_;
  const std::string prefix_;
  const PutSizes sizes_;
  runtime::posix::Parker& parker_;
  runtime::Random random_;
  std::atomic<uint64_t> answered_ = 0;
  Histogram latencies_;
  std::map<std::string, uint64_t> errors_;
  LoadReport report_;
  std::atomic<bool> ended_ = false;  // the report is there
  std::unique_ptr<Load> load_;
  runtime::posix::LoopPool thread_;
  runtime::Loop& loop_;
};

}  // namespace ctl
