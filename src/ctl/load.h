#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "base/callback.h"
#include "base/status.h"
#include "runtime/loop.h"

namespace ctl {

struct LoadOptions {
  // Each of them has one request under way at a time.
  size_t clients = 1;
  // Requests, of all loads of a run together. Those with the numbers first, first + step, and so on
  // are this one's.
  uint64_t total = UINT64_MAX;
  uint64_t first = 0;
  uint64_t step = 1;
  // That are to be begun each second, of all loads together; 0: as many as the clients can.
  double rate = 0;
  // With a rate: latencies count from when a request was due, also if no client was free then, so
  // that those which were held up by slow ones are not left out. False: from when it was sent.
  bool from_due = true;
  // With a rate: how many of this load may be due and wait for a client; those that came before
  // them are left out.
  uint64_t late_max = UINT64_MAX;
  // No request is begun after that.
  runtime::Duration time = runtime::Duration::max();
};

// A request that has ended.
struct LoadEnding {
  runtime::Duration at;  // when it began, since the start
  runtime::WallTime began;
  runtime::Duration latency;
  const base::Status& status;
  size_t kind;
};

// Requests by several clients beside each other, closed loop or at a fixed rate, and how long each
// took. On one loop; once.
class Load {
 public:
  // How a request of some kind, from 0 on, has ended; called once, on the loop.
  using Done = base::Callback<void(const base::Status& status, size_t kind)>;
  // Has the client with this number, from 0 on, begin a request. The end may be told before it
  // returns.
  using Begin = std::function<void(size_t client, uint64_t number, Done done)>;
  // Has each ending, on the loop.
  using Record = std::function<void(const LoadEnding& ending)>;

  // `ended` is called once, on the loop, when the last request has ended; it does not destroy this.
  Load(runtime::Loop* loop, const LoadOptions& options, Begin begin, Record record,
       std::function<void()> ended);

  // `start`: when the run begins, as the loop's clock has it, now or before.
  void Start(runtime::TimePoint start);
  // No further request is begun.
  void Stop();
  // As Stop, and those under way count for nothing: it has ended.
  void Abandon();

  // Requests that have ended, and those that failed. Any thread.
  uint64_t answered() const { return answered_.load(std::memory_order_relaxed); }
  uint64_t failed() const { return failed_.load(std::memory_order_relaxed); }

  // From the start to the end of the last request.
  runtime::Duration took() const { return took_; }

 private:
  // Begins what is due and has a client.
  void Advance();
  // Whether one may begin now; otherwise it is looked again when that changes.
  bool MayBegin(runtime::TimePoint now);
  void LeaveOutLate(runtime::TimePoint now);
  runtime::TimePoint DueAt(uint64_t index) const;
  void BeginOne(runtime::TimePoint now);
  void OnDone(size_t client, runtime::TimePoint began, const base::Status& status, size_t kind);
  void EndIfOver();

  runtime::Loop& loop_;
  const LoadOptions options_;
  const uint64_t mine_;  // requests
  const Begin begin_;
  const Record record_;
  const std::function<void()> ended_;
  const std::unique_ptr<runtime::Timer> timer_;
  runtime::TimePoint start_{};
  runtime::WallTime wall_start_{};
  std::vector<size_t> idle_;
  uint64_t next_ = 0;  // of mine_
  size_t under_way_ = 0;
  bool stopped_ = false;
  bool over_ = false;
  bool advancing_ = false;
  runtime::Duration took_{};
  std::atomic<uint64_t> answered_ = 0;
  std::atomic<uint64_t> failed_ = 0;
};

}  // namespace ctl
