#include "ctl/pause.h"

#include <condition_variable>
#include <mutex>

namespace ctl {

void Pause(std::chrono::nanoseconds duration) {
  std::mutex mutex;
  std::condition_variable never;
  std::unique_lock lock(mutex);
  never.wait_for(lock, duration, [] { return false; });
}

}  // namespace ctl
