#include "runtime/posix/parker.h"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>

namespace runtime::posix {
namespace {

static_assert(sizeof(std::atomic<uint32_t>) == sizeof(uint32_t));

void Futex(std::atomic<uint32_t>* word, int operation, uint32_t value, const timespec* timeout) {
  // Fails if the word has changed, a signal came or the time is over: the caller looks again.
  (void)::syscall(SYS_futex, word, operation, value, timeout, nullptr, 0);
}

timespec ToTimespec(Duration duration) {
  const auto nanoseconds = std::max<int64_t>(duration.count(), 0);
  constexpr int64_t kSecond = 1'000'000'000;
  return {.tv_sec = nanoseconds / kSecond, .tv_nsec = nanoseconds % kSecond};
}

}  // namespace

void Parker::Park(std::optional<Duration> timeout) {
  if (timeout.has_value()) {
    const timespec relative = ToTimespec(*timeout);
    if (woken_.load(std::memory_order_relaxed) == 0) {
      Futex(&woken_, FUTEX_WAIT_PRIVATE, 0, &relative);
    }
    woken_.exchange(0, std::memory_order_acquire);
    return;
  }
  while (woken_.exchange(0, std::memory_order_acquire) == 0) {
    Futex(&woken_, FUTEX_WAIT_PRIVATE, 0, nullptr);
  }
}

void Parker::Unpark() {
  woken_.store(1, std::memory_order_release);
  Futex(&woken_, FUTEX_WAKE_PRIVATE, 1, nullptr);
}

}  // namespace runtime::posix
