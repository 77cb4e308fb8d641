#pragma once

#include <memory>
#include <string>

#include "runtime/loop.h"
#include "runtime/posix/clock.h"
#include "runtime/posix/loop_pool.h"

namespace runtime::asio {

// A loop on Boost.Asio, run by the thread that calls Run.
class Loop final : public runtime::Loop {
 public:
  // The thread that runs the loop lends itself to `pool`, unless that is null: before it sleeps it
  // runs the brief loops that it has given work to. The pool outlives the run.
  explicit Loop(posix::LoopPool* pool = nullptr);
  // Run must have returned, or never been called.
  ~Loop() override;

  // Runs until Stop, whether or not there is work. Once.
  void Run();
  // Makes Run return after the current turn. Any thread.
  void Stop();

  const runtime::Clock& clock() const override { return clock_; }
  void Post(base::Callback<void()> task) override;
  void PostSlice(base::Callback<void()> task) override;
  std::unique_ptr<Timer> NewTimer(base::Callback<void()> on_expiry) override;
  void AtEndOfTurn(base::Callback<void()> task) override;
  bool IsCurrent() const override;

  // What the sockets of this loop are registered with.
  struct Context;
  Context& context() { return *context_; }

 private:
  // Waits for something to do, and does what is there; true if that is more than a turn has time
  // for.
  bool RunTurn();
  // Whether something waits for the end of the turn, or for the next.
  bool HasTasks() const;
  // What is ready, until `end`; true if there may be more.
  bool RunEvents(TimePoint end);
  bool RunSlices(TimePoint end);
  void EndTurn();
  // What this thread gave to loops of the pool: runs it here, unless this one `is_busy`.
  void HandOn(bool is_busy);

  posix::LoopPool* const pool_;
  const posix::Clock clock_;
  const std::unique_ptr<Context> context_;
  std::unique_ptr<posix::LoopPool::Lender> lender_;  // null: there is no pool
};

// A loop with a thread of its own.
class LoopThread {
 public:
  // The thread carries `name` (at most 15 bytes).
  explicit LoopThread(const std::string& name, posix::LoopPool* pool = nullptr);
  // As Stop.
  ~LoopThread();

  // Runs `task` on the loop and returns when it has run. Not on that loop.
  void RunAndWait(base::Callback<void()> task);
  // Stops the loop and waits for its thread; what waits to be run is dropped.
  void Stop();

  Loop& loop() { return loop_; }

 private:
  struct Thread;

  Loop loop_;
  const std::unique_ptr<Thread> thread_;
};

}  // namespace runtime::asio
