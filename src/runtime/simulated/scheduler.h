#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "runtime/loop.h"
#include "runtime/random.h"

namespace runtime::simulated {

// Virtual time and the order of everything that happens in it. All loops run on the caller's
// thread, one turn at a time; which ready loop goes next is drawn from the seed, and time moves
// only when no loop has work. The same seed and the same program give the same run.
class Scheduler {
 public:
  explicit Scheduler(uint64_t seed);
  ~Scheduler();
  Scheduler(const Scheduler&) = delete;
  Scheduler& operator=(const Scheduler&) = delete;

  // A loop may be destroyed whenever it is not running; what was posted to it is dropped, as
  // when its process dies. Timers must go first.
  std::unique_ptr<Loop> NewLoop(std::string name);

  const Clock& clock() const { return clock_; }
  // The wall clock's distance from virtual time; may jump.
  void SetWallOffset(Duration offset) { clock_.wall_offset = offset; }
  Random& random() { return random_; }

  // Runs one turn of a ready loop, moving time to the next timer if none is ready. False if
  // there is nothing left to happen.
  bool Step();
  // Runs all that happens within `duration` from now, and leaves the clock there.
  void RunFor(Duration duration);

  // A paused loop does nothing, as when its process is stopped; what it is to do waits.
  void SetPaused(Loop* loop, bool paused);

  // Runs `task` on `loop` at `time`, if the loop still exists then.
  void RunAt(TimePoint time, Loop* loop, base::Callback<void()> task);

 private:
  class VirtualLoop;
  class VirtualTimer;

  struct VirtualClock final : Clock {
    TimePoint Now() const override { return now; }
    WallTime WallNow() const override {
      return WallTime{(now.time_since_epoch() + wall_offset).count()};
    }
    TimePoint now;
    Duration wall_offset{0};
  };
  struct Event {
    VirtualLoop* loop;
    base::Callback<void()> task;
  };
  // Events at one time happen in the order in which they were asked for.
  using EventKey = std::pair<TimePoint, uint64_t>;

  EventKey AddEvent(TimePoint time, VirtualLoop* loop, base::Callback<void()> task);
  bool RunReadyLoop();
  void TakeNextEvent();
  void Forget(VirtualLoop* loop);

  Random random_;
  Random turns_;  // which of them end early
  VirtualClock clock_;
  uint64_t next_event_number_ = 0;
  std::map<EventKey, Event> events_;
  std::vector<VirtualLoop*> ready_;
  VirtualLoop* running_ = nullptr;
};

}  // namespace runtime::simulated
