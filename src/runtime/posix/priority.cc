#include "runtime/posix/priority.h"

#include <pthread.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

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
// The bounds of what can be asked for.
constexpr uint64_t kShortestSliceNs = 100'000;
constexpr uint64_t kLongestSliceNs = 100'000'000;

// Why slices: since Linux 6.6 (the scheduler EEVDF) a thread that runs keeps its processor for a
// slice, some milliseconds, however nice it is, unless who wants it has asked for a shorter one
// (from 6.12 on, where a thread can ask; before, this is not heeded).
bool AskFor(int niceness, uint64_t slice_ns) {
  const SchedulingAttributes wish{.nice = niceness, .runtime_ns = slice_ns};
  return ::syscall(SYS_sched_setattr, 0, &wish, 0) == 0;
}

id_t ThisThread() {
  return static_cast<id_t>(::gettid());
}

}  // namespace

void SetPriority(Priority priority) {
  switch (priority) {
    case Priority::kNormal:
      return;
    case Priority::kPrompt:
      static_cast<void>(AskFor(::getpriority(PRIO_PROCESS, ThisThread()), kShortestSliceNs));
      return;
    case Priority::kLow:
      if (AskFor(kLowNiceness, kLongestSliceNs)) return;
      static_cast<void>(::setpriority(PRIO_PROCESS, ThisThread(), kLowNiceness));
      return;
    case Priority::kIdle: {
      // One that has just run may have to wait for its share to be due, however nice it is who
      // runs; not so beside an idle thread.
      const sched_param none{};
      static_cast<void>(::pthread_setschedparam(::pthread_self(), SCHED_IDLE, &none));
      return;
    }
  }
}

}  // namespace runtime::posix
