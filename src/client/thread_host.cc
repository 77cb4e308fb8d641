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
  std::mutex mutex;
  std::condition_variable wake;
  bool has_ended = false;
  const std::function<void()> end = [&] {
    // Notified under the lock: the waiter is gone as soon as it is free.
    const std::lock_guard lock(mutex);
    has_ended = true;
    wake.notify_one();
  };
  start(end);
  std::unique_lock lock(mutex);
  wake.wait(lock, [&has_ended] { return has_ended; });
}

}  // namespace client
