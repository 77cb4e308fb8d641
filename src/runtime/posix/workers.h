#pragma once

#include <condition_variable>
#include <deque>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "runtime/workers.h"

namespace runtime::posix {

// A fixed pool of threads with one bounded queue.
class Workers final : public runtime::Workers {
 public:
  // Threads carry `name` (at most 15 bytes). `queue_capacity` counts work that no thread has
  // taken yet. `niceness`, from 0 to 19: how far others of the process go before when they all want
  // the same processor, as nice(1) has it; whoever then wants it gets it at once.
  Workers(const std::string& name, size_t thread_count, size_t queue_capacity, int niceness = 0);
  // Waits for the work that has started; the rest is dropped without its `done`.
  ~Workers() override;

  [[nodiscard]] bool Run(base::Callback<void()> work, Loop* reply_to,
                         base::Callback<void()> done) override;

 private:
  struct Job {
    base::Callback<void()> work;
    Loop* reply_to;
    base::Callback<void()> done;
  };

  void WorkUntilStopped();

  const size_t queue_capacity_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Job> queue_;  // guarded by mutex_
  bool stopping_ = false;  // guarded by mutex_
  std::vector<std::thread> threads_;
};

}  // namespace runtime::posix
