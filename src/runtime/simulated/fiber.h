#pragma once

#include <memory>

#include "base/callback.h"

namespace runtime::simulated {

// Code that waits in the middle, as a thread does, on a stack of its own: it runs where it is
// resumed, until it suspends itself, and goes on from there. Fibers of one thread of control.
class Fiber {
 public:
  explicit Fiber(base::Callback<void()> body);
  // It has ended, or was never resumed.
  ~Fiber();
  Fiber(const Fiber&) = delete;
  Fiber& operator=(const Fiber&) = delete;

  // Runs it until it suspends itself, or ends. Not inside a fiber, nor after its end.
  void Resume();
  bool ended() const { return ended_; }

  // The one that runs; null outside of all.
  static Fiber* Current();
  // Returns to who has resumed the one that runs, until somebody resumes it again.
  static void Suspend();

 private:
  struct Stack;

  static void Enter();

  base::Callback<void()> body_;
  std::unique_ptr<Stack> stack_;  // null: it was never resumed
  bool ended_ = false;
};

}  // namespace runtime::simulated
