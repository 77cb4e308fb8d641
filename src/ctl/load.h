#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "runtime/loop.h"

namespace ctl {

struct LoadOptions {
  // Each of them has one put under way at a time.
  size_t clients = 1;
  // That are to be begun; 0: as many as the clients can. What the clients fall behind with is
  // begun later, up to one for each of them, and left out beyond that.
  uint64_t puts_per_second = 0;
  // No put is wanted after that.
  runtime::Duration time = runtime::Duration::max();
  uint64_t puts = UINT64_MAX;
};

// What came of the puts.
struct LoadReport {
  uint64_t done = 0;
  std::map<std::string, uint64_t> errors = {};  // by text, how many failed so
  double seconds = 0;                           // from the start to the end of the last put
  // Of those that were done, in seconds; 0 if there is none.
  double slowest = 0;
  double deviation = 0;  // the standard deviation

  double PerSecond() const { return seconds > 0 ? static_cast<double>(done) / seconds : 0; }
};

// Puts by several clients beside each other, in time and measured. On one loop; once.
class Load {
 public:
  // The error of a put, empty if it is done; called on any thread.
  using Done = std::function<void(const std::string& error)>;
  // Has the client with this number, from 0 on, begin a put.
  using Begin = std::function<void(size_t client, Done done)>;

  // `ended` is called once, on the loop, when the last put has ended; it may destroy this later,
  // not before it returns.
  Load(runtime::Loop* loop, const LoadOptions& options, Begin begin,
       std::function<void(const LoadReport&)> ended);

  void Start();
  // No further put is wanted.
  void Stop();

 private:
  // Takes what is due, and begins what can be.
  void Advance();
  void TakeDue();
  void BeginPut();
  void OnDone(size_t client, runtime::Duration took, const std::string& error);
  void Record(double seconds);
  void End();

  runtime::Loop& loop_;
  const LoadOptions options_;
  const Begin begin_;
  const std::function<void(const LoadReport&)> ended_;
  const std::unique_ptr<runtime::Timer> timer_;

  runtime::TimePoint started_{};
  bool stopped_ = false;
  uint64_t due_ = 0;      // puts that have become due, those that were left out among them
  uint64_t waiting_ = 0;  // for a client
  std::vector<size_t> idle_;
  LoadReport report_;
  // Of the times until now, by Welford's method.
  double mean_ = 0;
  double squares_ = 0;  // the sum of the squared distances from the mean
};

}  // namespace ctl
