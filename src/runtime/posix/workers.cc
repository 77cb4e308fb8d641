#include "runtime/posix/workers.h"

#include <pthread.h>
#include <sched.h>
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

constexpr int kLowNiceness = 10;
constexpr uint64_t kLongestSliceNs = 100'000'000;

// Of this thread. Where it is not permitted the work competes as all does.
//
// Why the slice: since Linux 6.6 (the scheduler EEVDF) a thread that runs keeps its processor for a
// slice, some milliseconds, however nice it is, unless who wants it has asked for a shorter one
// (from 6.12 on, where a thread can ask; before, this is not heeded). And who has just run may have
// to wait for it all the same, for his share to be due; not so for an idle thread.
void SetPriority(Priority priority) {
  if (priority == Priority::kNormal) return;
  if (priority == Priority::kIdle) {
    const sched_param none{};
    static_cast<void>(::pthread_setschedparam(::pthread_self(), SCHED_IDLE, &none));
    return;
  }
  const SchedulingAttributes wish{.nice = kLowNiceness, .runtime_ns = kLongestSliceNs};
  if (::syscall(SYS_sched_setattr, 0, &wish, 0) == 0) return;
  static_cast<void>(::setpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()), kLowNiceness));
}

}  // namespace

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
