#pragma once

#include <memory>

#include "base/callback.h"
#include "runtime/time.h"

namespace runtime {

// A timer of one loop. Created, armed and destroyed on that loop only.
class Timer {
 public:
  // Disarms; the callback does not run after this.
  virtual ~Timer() = default;
  // Runs the callback once, `delay` from now; replaces an earlier arming. Does not allocate.
  virtual void Arm(Duration delay) = 0;
  virtual void Disarm() = 0;
};

// One thread of control. Everything that a loop runs, it runs one at a time; what a loop owns is
// touched on that loop only and needs no lock. In the simulator all loops share one thread.
class Loop {
 public:
  virtual ~Loop() = default;

  virtual const Clock& clock() const = 0;

  // Runs `task` on this loop, after everything that was posted before. Any thread. For control
  // (start, stop, hand-over); streams of work go through a Mailbox, which is bounded. A task
  // posted to a loop that has stopped is destroyed without being run.
  virtual void Post(base::Callback<void()> task) = 0;

  // On this loop. The callback may rearm or destroy its timer.
  virtual std::unique_ptr<Timer> NewTimer(base::Callback<void()> on_expiry) = 0;

  // Runs `task` once at the end of the current turn, before the loop sleeps: the place where what
  // the turn collected is sent on as one batch. On this loop only.
  virtual void AtEndOfTurn(base::Callback<void()> task) = 0;

  // Whether the calling thread is running this loop.
  virtual bool IsCurrent() const = 0;
};

}  // namespace runtime
