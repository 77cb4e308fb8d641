#pragma once

#include <memory>

#include "base/callback.h"
#include "runtime/time.h"

namespace runtime {

// After this long a turn of a loop looks for no more events, and what it collected is sent on.
inline constexpr Duration kTurnTime = std::chrono::milliseconds(1);
// What one handler or slice should take at most, and what a turn gives to slices: so long an event
// may wait for long work, however much there is of it.
inline constexpr Duration kSliceTime = std::chrono::microseconds(50);

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
//
// A turn runs what is ready: first events (tasks, timers, sockets), until none is left or kTurnTime
// has passed, and what they left for its end; then slices of long work for kSliceTime, and what
// those left for its end. Nothing is interrupted, so a single handler bounds how late that can be:
// what may take longer than kSliceTime is cut into slices.
class Loop {
 public:
  virtual ~Loop() = default;

  virtual const Clock& clock() const = 0;

  // Runs `task` on this loop, after everything that was posted before. Any thread. For control
  // (start, stop, hand-over); streams of work go through a Mailbox, which is bounded. A task
  // posted to a loop that has stopped is destroyed without being run.
  virtual void Post(base::Callback<void()> task) = 0;

  // Runs `task`, a part of some long work, once the events that are ready have been seen to. Slices
  // run in the order in which they were posted, as many as there is time for and at least one. So
  // long work, however much there is, makes an event wait for about kSliceTime and never for all of
  // the work; and whoever has less to do is done earlier. On this loop only. What waits is bounded
  // by those who post: each has one slice waiting at a time.
  virtual void PostSlice(base::Callback<void()> task) = 0;

  // On this loop. The callback may rearm or destroy its timer.
  virtual std::unique_ptr<Timer> NewTimer(base::Callback<void()> on_expiry) = 0;

  // Runs `task` once after the events of the current turn, or after its slices if it is called by
  // one, before the loop sleeps or begins another turn: the place where what was collected is sent
  // on as one batch. On this loop only.
  virtual void AtEndOfTurn(base::Callback<void()> task) = 0;

  // Whether the calling thread is running this loop.
  virtual bool IsCurrent() const = 0;
};

}  // namespace runtime
