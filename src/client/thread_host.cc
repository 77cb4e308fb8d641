#include "client/thread_host.h"

#include <condition_variable>
#include <mutex>

#include "runtime/posix/clock.h"

namespace client {

ThreadHost::ThreadHost() : thread_("etcd-client"), network_(&thread_.loop()) {}

uint64_t ThreadHost::NewSeed() {
  return runtime::posix::EntropySeed();
}

void ThreadHost::Wait(const Start& start) {
  struct Waiter {
    std::mutex mutex;
    std::condition_variable wake;
    bool has_ended = false;
  } waiter;
  const std::function<void()> end = [&waiter] {
    // Notified under the lock: the waiter is gone as soon as it is free.
    const std::lock_guard lock(waiter.mutex);
    waiter.has_ended = true;
    waiter.wake.notify_one();
  };
  start(end);
  std::unique_lock lock(waiter.mutex);
  waiter.wake.wait(lock, [&waiter] { return waiter.has_ended; });
}

}  // namespace client
