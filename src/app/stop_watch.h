#pragma once

#include <functional>
#include <memory>
#include <string_view>

#include "observe/log.h"
#include "runtime/asio/loop.h"
#include "runtime/loop.h"
#include "runtime/time.h"

namespace app {

// Ends the stopping of a process whose disk stands still: threads that wait for a disk can neither
// be told to end nor be left behind. What was not on the disk by then was never acknowledged. For
// one thread.
class StopWatch {
 public:
  // `give_up` ends the process. It runs once at most, on a thread of its own, after a line of the
  // log that says what was waited for.
  StopWatch(const observe::Logger* logger, std::function<void()> give_up);
  // All has ended in time.
  ~StopWatch();

  // What is waited for from now on, and how long; in place of what was until now. `what` is a
  // constant.
  void Expect(std::string_view what, runtime::Duration at_most);

 private:
  void GiveUp(std::string_view what, runtime::Duration waited) const;

  const observe::Logger& logger_;
  const std::function<void()> give_up_;
  std::unique_ptr<runtime::asio::LoopThread> thread_;  // from the first expectation on
  std::unique_ptr<runtime::Timer> timer_;              // of its loop
};

}  // namespace app
