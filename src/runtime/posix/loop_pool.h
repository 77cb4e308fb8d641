#pragma once

#include <atomic>
#include <deque>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "runtime/loop.h"
#include "runtime/posix/parker.h"

namespace runtime::posix {

class PooledLoop;

// Loops without sockets that share a few threads: a loop that has something to do is run by any
// thread, one at a time. What is handed from loop to loop mostly stays on the thread that hands it
// on, since that has nothing else to do: a lone request takes its way through the loops without
// waking a thread for each of them. When there is more to do, the loops run side by side.
//
// A thread hands on at the end of its turn: it runs the loop that it gave work to itself if it is
// done with its own, and leaves it to another thread if not. A lent one hands on before its slices,
// too, and is done then if it has no more events.
class LoopPool {
 public:
  // Threads carry `name` and a number (at most 15 bytes).
  LoopPool(const std::string& name, size_t threads);
  // As Stop.
  ~LoopPool();
  LoopPool(const LoopPool&) = delete;
  LoopPool& operator=(const LoopPool&) = delete;

  // The turns of a brief loop never block: threads that are lent to the pool run it too.
  enum class Turns { kBrief, kMayBlock };
  // Adds a loop, which lives as long as the pool. At most as many as there are threads, so that no
  // loop ever waits for another one's turn. Before anything is posted to any of them.
  Loop* NewLoop(Turns turns);

  // Ends the threads after their turns. What waits to be run is dropped. Lenders have ended.
  void Stop();

  // What a thread that runs loops of its own needs to lend itself. Created, used and destroyed on
  // that thread, which lends itself to one pool at most.
  class Lender {
   public:
    explicit Lender(LoopPool* pool);
    // Passes on what it has.
    ~Lender();
    Lender(const Lender&) = delete;
    Lender& operator=(const Lender&) = delete;

    // Whether brief loops were given work on this thread, which waits for one of the following.
    bool has_work() const;
    // Runs a turn of one of them, here; others are passed on.
    void Run();
    // Leaves them to the threads of the pool: this one is busy.
    void PassOn();
  };

 private:
  friend class PooledLoop;

  class PooledTimer;
  struct TimerState;

  // Loops that were given work on the present thread.
  struct Hand {
    LoopPool* pool = nullptr;
    bool lent = false;
    std::vector<PooledLoop*> loops;
  };
  static thread_local Hand hand_;

  struct Worker {
    std::thread thread;
    Parker parker;
    bool is_idle = false;  // guarded by mutex_
  };

  void Work(Worker& self);
  // Runs a turn. The loop that the thread goes on with, if any.
  static PooledLoop* RunTurn(PooledLoop* loop);
  // A loop that is ready; null when the pool stops.
  PooledLoop* WaitForLoop(Worker& self);
  void KeepTime(Worker& self, std::unique_lock<std::mutex>& lock);
  void FireTimers();
  // Who is to be woken, after the lock is given up, so that it need not wait for that at once.
  Worker* ToWake();
  // A loop begins to have something to do.
  void Schedule(PooledLoop* loop);
  void Enqueue(PooledLoop* loop);

  std::vector<std::unique_ptr<PooledLoop>> loops_;
  std::vector<std::unique_ptr<Worker>> workers_;

  std::mutex mutex_;  // guards what follows
  std::deque<PooledLoop*> ready_;
  // The newest last, which is woken first: its caches are warm.
  std::vector<Worker*> idle_;
  // One idle thread, which is not among these, waits for the next timer; it is woken last.
  Worker* timekeeper_ = nullptr;
  std::set<std::pair<TimePoint, TimerState*>> timers_;
  std::atomic<bool> stopped_ = false;  // read without it as well
};

}  // namespace runtime::posix
