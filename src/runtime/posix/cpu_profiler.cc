#include "runtime/posix/cpu_profiler.h"

#include <execinfo.h>
#include <sched.h>
#include <signal.h>
#include <sys/time.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <memory>

// Why backtrace() may be called in a handler: glibc 2.35 and GCC 12 find the unwind tables without
// a lock, and the library that unwinds is loaded by the first call, which Start makes.

namespace runtime::posix {
namespace {

constexpr size_t kNotesBytes = 8 << 20;
constexpr size_t kWords = kNotesBytes / sizeof(uint64_t);
constexpr int kFramesMax = 64;
// The handler's own, and what the kernel has put between it and the code that runs.
constexpr int kFramesOfHandler = 2;

}  // namespace

// Each note is the number of its frames, then these. Behind the last one are zeros.
class CpuProfiler::Notes {
 public:
  std::atomic<size_t> used = 0;
  std::atomic<uint64_t> lost = 0;
  // Why calloc: the memory is taken as it is written.
  const std::unique_ptr<uint64_t[], void (*)(void*)> words{
      static_cast<uint64_t*>(std::calloc(kWords, sizeof(uint64_t))), std::free};
};

namespace {

using Notes = CpuProfiler::Notes;

std::atomic<bool> profiling = false;
std::atomic<Notes*> notes = nullptr;
std::atomic<int> handlers = 0;  // that run

void Note(Notes* into) {
  void* frames[kFramesMax];
  const int count = ::backtrace(frames, kFramesMax) - kFramesOfHandler;
  if (count <= 0) return;
  const size_t at = into->used.fetch_add(static_cast<size_t>(count) + 1);
  if (at + static_cast<size_t>(count) + 1 > kWords) {
    into->lost.fetch_add(1);
    return;
  }
  into->words[at] = static_cast<uint64_t>(count);
  for (int i = 0; i < count; ++i) {
    const auto address = reinterpret_cast<uint64_t>(frames[i + kFramesOfHandler]);
    // A caller's is that behind the call.
    into->words[at + 1 + static_cast<size_t>(i)] = i == 0 ? address : address - 1;
  }
}

void OnTick(int) {
  const int error = errno;
  handlers.fetch_add(1);
  if (Notes* const into = notes.load(); into != nullptr) Note(into);
  handlers.fetch_sub(1);
  errno = error;
}

void SetTimer(Duration period) {
  const auto micros = std::chrono::duration_cast<std::chrono::microseconds>(period).count();
  const itimerval timer{{0, static_cast<suseconds_t>(micros)},
                        {0, static_cast<suseconds_t>(micros)}};
  ::setitimer(ITIMER_PROF, &timer, nullptr);
}

}  // namespace

bool CpuProfiler::Start() {
  if (profiling.exchange(true)) return false;
  void* frame = nullptr;
  ::backtrace(&frame, 1);
  notes = new Notes();
  // Stays: a tick that is on its way when the timer stops would end the process.
  struct sigaction action {};
  action.sa_handler = OnTick;
  action.sa_flags = SA_RESTART;
  ::sigaction(SIGPROF, &action, nullptr);
  SetTimer(kPeriod);
  return true;
}

std::shared_ptr<const Notes> CpuProfiler::Stop() {
  SetTimer(Duration(0));
  std::shared_ptr<const Notes> taken(notes.exchange(nullptr));
  while (handlers.load() != 0) ::sched_yield();
  profiling = false;
  return taken;
}

CpuProfiler::Profile CpuProfiler::Count(const Notes& from) {
  Profile profile;
  profile.lost = from.lost.load();
  const size_t end = std::min(from.used.load(), kWords);
  for (size_t at = 0; at < end && from.words[at] != 0;) {
    const uint64_t* const begin = from.words.get() + at + 1;
    const size_t count = from.words[at];
    ++profile.stacks[std::vector<uint64_t>(begin, begin + count)];
    at += count + 1;
  }
  return profile;
}

}  // namespace runtime::posix
