#include "runtime/posix/workers.h"

#include <pthread.h>

#include <utility>

namespace runtime::posix {

Workers::Workers(const std::string& name, size_t thread_count, size_t queue_capacity,
                 Priority priority, Duration idle_grace)
    : queue_capacity_(queue_capacity), priority_(priority), idle_grace_(idle_grace) {
  threads_.reserve(thread_count);
  for (size_t i = 0; i < thread_count; ++i) {
    threads_.emplace_back([shared = shared_, priority] {
      SetPriority(priority);
      shared->WorkUntilStopped();
    });
    ::pthread_setname_np(threads_.back().native_handle(), name.c_str());
  }
}

Workers::~Workers() {
  std::deque<Job> dropped;
  {
    std::unique_lock lock(shared_->mutex);
    shared_->stopping = true;
    dropped.swap(shared_->queue);
    if (priority_ == Priority::kIdle) {
      shared_->abandoned =
          !shared_->rest.wait_for(lock, idle_grace_, [this] { return shared_->working == 0; });
    }
  }
  shared_->wake.notify_all();
  for (std::thread& thread : threads_) {
    if (shared_->abandoned) {
      thread.detach();
    } else {
      thread.join();
    }
  }
}

bool Workers::Run(base::Callback<void()> work, Loop* reply_to, base::Callback<void()> done) {
  {
    const std::lock_guard lock(shared_->mutex);
    if (shared_->queue.size() >= queue_capacity_) return false;
    shared_->queue.push_back(Job{std::move(work), reply_to, std::move(done)});
  }
  shared_->wake.notify_one();
  return true;
}

void Workers::Shared::WorkUntilStopped() {
  std::unique_lock lock(mutex);
  for (;;) {
    wake.wait(lock, [this] { return stopping || !queue.empty(); });
    if (stopping) return;
    Job job = std::move(queue.front());
    queue.pop_front();
    ++working;
    lock.unlock();
    job.work();
    lock.lock();
    if (!abandoned) job.reply_to->Post(std::move(job.done));
    if (--working == 0 && stopping) rest.notify_all();
    lock.unlock();
    job = {};
    lock.lock();
  }
}

}  // namespace runtime::posix
