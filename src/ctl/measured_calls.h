#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "ctl/histogram.h"
#include "ctl/load.h"
#include "runtime/posix/loop_pool.h"
#include "runtime/posix/parker.h"

namespace ctl {

// What came of the calls of one kind.
struct CallResults {
  Histogram latencies;                          // of those that were done
  std::map<std::string, uint64_t> errors = {};  // by text, how many failed so

  uint64_t failed() const;
};

// A load of calls of some kinds in turn, on a thread of its own.
class MeasuredCalls {
 public:
  // Called once, on any thread, with why the call failed, or nothing.
  using Ended = std::function<void(const std::string& error)>;
  // Has the client begin a call, on the thread of this.
  using Begin = std::function<void(size_t client, uint64_t number, Ended ended)>;

  // Begins; the call with a number is of the kind that is its rest by `kinds`. The parker outlives
  // it.
  MeasuredCalls(size_t kinds, const LoadOptions& options, Begin begin,
                runtime::posix::Parker* parker);
  // The calls have ended, or nobody ends one any more.
  ~MeasuredCalls() = default;
  MeasuredCalls(const MeasuredCalls&) = delete;
  MeasuredCalls& operator=(const MeasuredCalls&) = delete;

  // Parks until the last call has ended. `is_enough` is asked whenever somebody unparks, and each
  // `period`, if there is one: true has no further call begin.
  void Wait(const std::function<bool()>& is_enough,
            std::optional<runtime::Duration> period = std::nullopt);

  // Calls that have ended. Any thread.
  uint64_t answered() const { return answered_; }
  // By kind, as of now. Any thread.
  std::vector<CallResults> results() const;
  // From the start to the end of the last call; after Wait.
  double seconds() const { return seconds_; }

 private:
  // On the loop.
  void OnEnded(uint64_t number, const std::string& error, Load::Done* done);
  void Record(const LoadEnding& ending);
  void End();

  const size_t kinds_;
  const Begin begin_;
  runtime::posix::Parker& parker_;
  std::atomic<uint64_t> answered_ = 0;
  mutable std::mutex mutex_;
  std::vector<CallResults> results_;  // guarded by `mutex_`
  double seconds_ = 0;
  std::atomic<bool> ended_ = false;  // `seconds_` is there
  std::unique_ptr<Load> load_;
  runtime::posix::LoopPool thread_;
  runtime::Loop& loop_;
};

}  // namespace ctl
