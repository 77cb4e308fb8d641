#pragma once

#include <atomic>
#include <deque>
#include <mutex>
#include <thread>
#include <vector>

#include "base/callback.h"
#include "runtime/loop.h"
#include "runtime/posix/clock.h"
#include "runtime/posix/loop_pool.h"

namespace runtime::posix {

// A loop of a LoopPool. It is scheduled from when it is first given something to do until a turn
// leaves nothing: meanwhile it lies in exactly one place, such as the hands of a thread.
class PooledLoop final : public Loop {
 public:
  PooledLoop(LoopPool* pool, LoopPool::Turns turns) : pool_(pool), turns_(turns) {}

  const runtime::Clock& clock() const override { return clock_; }
  void Post(base::Callback<void()> task) override;
  void PostSlice(base::Callback<void()> task) override;
  std::unique_ptr<Timer> NewTimer(base::Callback<void()> on_expiry) override;
  void AtEndOfTurn(base::Callback<void()> task) override;
  bool IsCurrent() const override { return thread_ == std::this_thread::get_id(); }

  bool is_brief() const { return turns_ == LoopPool::Turns::kBrief; }

  // These are the pool's.

  // Adds a task; whether the loop was not scheduled, and is now.
  [[nodiscard]] bool Add(base::Callback<void()> task);
  // On the thread that has it. False if nothing is left: it is not scheduled any more.
  [[nodiscard]] bool RunTurn();
  // Drops what waits, and what will be posted.
  void Stop();

 private:
  void RunTasks(TimePoint end);
  void RunSlices(TimePoint end);
  void EndTurn();

  LoopPool* const pool_;
  const LoopPool::Turns turns_;
  const Clock clock_;

  // Of whoever runs the loop.
  std::atomic<std::thread::id> thread_;
  std::deque<base::Callback<void()>> tasks_;
  std::deque<base::Callback<void()>> slices_;
  std::vector<base::Callback<void()>> end_of_turn_;

  std::mutex mutex_;  // guards what follows
  std::deque<base::Callback<void()>> posted_;
  bool scheduled_ = false;
  bool stopped_ = false;
};

}  // namespace runtime::posix
