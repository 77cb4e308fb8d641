#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/callback.h"
#include "runtime/simulated/fiber.h"
#include "runtime/simulated/scheduler.h"

namespace runtime::simulated {

// The threads of a simulated process whose code waits: fibers on a loop of their own, one at a
// time, each until it waits for something. Which of those goes next that wait no longer is the
// order in which that came about.
class Threads {
 public:
  // The scheduler outlives it.
  Threads(Scheduler* scheduler, std::string name);
  // All have ended. Not while one of them runs.
  ~Threads();
  Threads(const Threads&) = delete;
  Threads& operator=(const Threads&) = delete;

  // Begins another one, in a turn of the loop.
  void Start(base::Callback<void()> body);
  size_t count() const { return fibers_.size(); }
  // While they are, none of them goes on.
  void SetPaused(bool paused) { scheduler_.SetPaused(loop_.get(), paused); }

  // ---- In one of them ----

  // Calls `start` with what ends the wait, and returns once that was called: once, whenever and
  // wherever. It is there until then.
  void Wait(const std::function<void(const std::function<void()>& end)>& start);
  void Sleep(Duration duration);

 private:
  void Run(Fiber* fiber);

  Scheduler& scheduler_;
  const std::unique_ptr<Loop> loop_;
  std::vector<std::unique_ptr<Fiber>> fibers_;
};

}  // namespace runtime::simulated
