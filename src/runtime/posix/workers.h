#pragma once

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "runtime/posix/priority.h"
#include "runtime/workers.h"

namespace runtime::posix {

// A fixed pool of threads with one bounded queue.
class Workers final : public runtime::Workers {
 public:
  // Threads carry `name` (at most 15 bytes). `queue_capacity` counts work that no thread has
  // taken yet.
  Workers(const std::string& name, size_t thread_count, size_t queue_capacity,
          Priority priority = Priority::kNormal, Duration idle_grace = std::chrono::seconds(1));
  // Waits for the work that has started; the rest is dropped without its `done`. So is, after
  // `idle_grace`, work of kIdle, which goes on alone until it ends: it must not need what dies with
  // its owner.
  ~Workers() override;

  [[nodiscard]] bool Run(base::Callback<void()> work, Loop* reply_to,
                         base::Callback<void()> done) override;

 private:
  struct Job {
    base::Callback<void()> work;
    Loop* reply_to;
    base::Callback<void()> done;
  };
  // What the threads need, also those that are left alone.
  struct Shared {
    std::mutex mutex;
    std::condition_variable wake;
    std::condition_variable rest;  // nobody works
    std::deque<Job> queue;         // this and what follows: guarded by mutex
    size_t working = 0;
    bool stopping = false;
    bool abandoned = false;  // nobody is left to be told

    void WorkUntilStopped();
  };

  const size_t queue_capacity_;
  const Priority priority_;
  const Duration idle_grace_;
  const std::shared_ptr<Shared> shared_ = std::make_shared<Shared>();
  std::vector<std::thread> threads_;
};

}  // namespace runtime::posix
