#include "runtime/posix/workers.h"

#include <pthread.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdint>
#include <utility>

namespace runtime::posix {

namespace {

// sched_setattr(2)'s, for which C libraries before glibc 2.41 have no header.
struct SchedulingAttributes {
  uint32_t size = sizeof(SchedulingAttributes);
  uint32_t policy = 0;  // SCHED_OTHER
  uint64_t flags = 0;
  int32_t nice = 0;
  uint32_t priority = 0;
  uint64_t runtime_ns = 0;
  uint64_t deadline_ns = 0;
  uint64_t period_ns = 0;
};

constexpr uint64_t kLongestSliceNs = 100'000'000;

// Of this thread. Where it is not permitted the work competes as all does.
//
// Why the slice: since Linux 6.6 (the scheduler EEVDF) a thread that runs keeps its processor for a
// slice, some milliseconds, however nice it is, unless who wants it has asked for a shorter one
// (from 6.12 on, where a thread can ask; before, this is not heeded).
void SetNiceness(int niceness) {
  if (niceness == 0) return;
  const SchedulingAttributes wish{.nice = niceness, .runtime_ns = kLongestSliceNs};
  if (::syscall(SYS_sched_setattr, 0, &wish, 0) == 0) return;
  static_cast<void>(::setpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()), niceness));
}

}  // namespace

Workers::Workers(const std::string& name, size_t thread_count, size_t queue_capacity, int niceness)
    : queue_capacity_(queue_capacity) {
  threads_.reserve(thread_count);
  for (size_t i = 0; i < thread_count; ++i) {
    threads_.emplace_back([this, niceness] {
      SetNiceness(niceness);
      WorkUntilStopped();
    });
    ::pthread_setname_np(threads_.back().native_handle(), name.c_str());
  }
}

Workers::~Workers() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

bool Workers::Run(base::Callback<void()> work, Loop* reply_to, base::Callback<void()> done) {
  {
    const std::lock_guard lock(mutex_);
    if (queue_.size() >= queue_capacity_) return false;
    queue_.push_back(Job{std::move(work), reply_to, std::move(done)});
  }
  wake_.notify_one();
  return true;
}

void Workers::WorkUntilStopped() {
  std::unique_lock lock(mutex_);
  for (;;) {
    wake_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
    if (stopping_) return;
    Job job = std::move(queue_.front());
    queue_.pop_front();
    lock.unlock();
    job.work();
    job.reply_to->Post(std::move(job.done));
    job = {};
    lock.lock();
  }
}

}  // namespace runtime::posix
