#pragma once

#include <memory>
#include <string>

#include "runtime/loop.h"
#include "runtime/posix/clock.h"

namespace runtime::asio {

// A loop on Boost.Asio, run by the thread that calls Run.
class Loop final : public runtime::Loop {
 public:
  struct Options {
    // How long to look for work before sleeping; a wake-up from sleep costs more than it saves
    // only when requests are frequent.
    Duration spin{0};
  };
  Loop() : Loop(Options{}) {}
  explicit Loop(const Options& options);
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
  bool RunTurn();
  // What is ready, until `end`. Whether there was anything.
  bool RunEvents(TimePoint end);
  bool RunSlices(TimePoint end);
  bool EndTurn();
  void SpinOrSleep();

  const Options options_;
  const posix::Clock clock_;
  const std::unique_ptr<Context> context_;
};

// A loop with a thread of its own.
class LoopThread {
 public:
  // The thread carries `name` (at most 15 bytes).
  explicit LoopThread(const std::string& name, const Loop::Options& options = {});
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
