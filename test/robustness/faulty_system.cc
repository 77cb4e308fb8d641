// Stands between a program and its C library: a disk that is slow or stands still, and a clock that
// jumps, for one process and from one moment to the next. Preloaded by faulty_system.py, which says
// what happens in memory that both have.
//
// A disk that stands still holds up what writes to its files, syncs them or makes room for them. A
// slow one holds up syncs. Reads are answered from memory, as those of a log mostly are. The clock
// is that of the day; the monotonic one does not jump, as Linux promises. Who waited for a time of
// day before it jumped goes on waiting as before.

#include <dlfcn.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <ctime>

namespace {

constexpr int64_t kNanosecondsPerSecond = 1'000'000'000;
constexpr long kLookAgainNanoseconds = 1'000'000;

// As `_LAYOUT` in faulty_system.py has it. All times are in nanoseconds.
struct Faults {
  std::atomic<int64_t> calls;         // that write, sync or make room
  std::atomic<int64_t> stands_still;  // 1: until it is 0 again
  std::atomic<int64_t> sync_takes;
  std::atomic<int64_t> clock_is_ahead;
  std::atomic<int64_t> held;  // calls that have been held up so far
  char folder[256];           // of whose files that is so, and of those below it
};

Faults* Map() {
  const char* const path = std::getenv("FAULTY_SYSTEM");
  if (path == nullptr) return nullptr;
  const int descriptor = open(path, O_RDWR | O_CLOEXEC);
  if (descriptor < 0) return nullptr;
  void* const mapped =
      mmap(nullptr, sizeof(Faults), PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
  close(descriptor);
  if (mapped == MAP_FAILED) return nullptr;
  return static_cast<Faults*>(mapped);
}

// Null if there are none.
Faults* FaultsOfProcess() {
  static Faults* const faults = Map();
  return faults;
}

bool IsBelow(const char* folder, int descriptor) {
  char link[64] = "/proc/self/fd/";
  char digits[16];
  size_t count = 0;
  for (; descriptor > 0 || count == 0; descriptor /= 10) {
    digits[count++] = static_cast<char>('0' + descriptor % 10);
  }
  size_t end = std::strlen(link);
  while (count > 0) link[end++] = digits[--count];
  char path[512];
  const ssize_t size = readlink(link, path, sizeof path - 1);
  if (size < 0) return false;
  path[size] = '\0';
  return std::strncmp(path, folder, std::strlen(folder)) == 0;
}

void Sleep(int64_t nanoseconds) {
  timespec left{nanoseconds / kNanosecondsPerSecond, nanoseconds % kNanosecondsPerSecond};
  while (nanosleep(&left, &left) != 0) {
  }
}

// Returns when the disk lets a call on this file go on.
void WaitForDisk(int descriptor, bool syncs) {
  Faults* const faults = FaultsOfProcess();
  if (faults == nullptr) return;
  ++faults->calls;
  const int64_t takes = syncs ? faults->sync_takes.load() : 0;
  if (faults->stands_still == 0 && takes == 0) return;
  if (!IsBelow(faults->folder, descriptor)) return;
  ++faults->held;
  if (takes > 0) Sleep(takes);
  while (faults->stands_still != 0) Sleep(kLookAgainNanoseconds);
}

template <typename Function>
Function* Next(Function*, const char* name) {
  return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}

bool IsTimeOfDay(clockid_t clock) {
  return clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE || clock == CLOCK_TAI;
}

}  // namespace

extern "C" {

int fdatasync(int descriptor) {
  static auto* const next = Next(&fdatasync, "fdatasync");
  WaitForDisk(descriptor, true);
  return next(descriptor);
}

int fsync(int descriptor) {
  static auto* const next = Next(&fsync, "fsync");
  WaitForDisk(descriptor, true);
  return next(descriptor);
}

ssize_t pwrite(int descriptor, const void* bytes, size_t size, off_t offset) {
  static auto* const next = Next(&pwrite, "pwrite");
  WaitForDisk(descriptor, false);
  return next(descriptor, bytes, size, offset);
}

ssize_t pwrite64(int descriptor, const void* bytes, size_t size, off64_t offset) {
  return pwrite(descriptor, bytes, size, offset);
}

ssize_t pwritev(int descriptor, const iovec* pieces, int count, off_t offset) {
  static auto* const next = Next(&pwritev, "pwritev");
  WaitForDisk(descriptor, false);
  return next(descriptor, pieces, count, offset);
}

ssize_t pwritev64(int descriptor, const iovec* pieces, int count, off64_t offset) {
  return pwritev(descriptor, pieces, count, offset);
}

int sync_file_range(int descriptor, off64_t offset, off64_t size, unsigned flags) {
  static auto* const next = Next(&sync_file_range, "sync_file_range");
  WaitForDisk(descriptor, false);
  return next(descriptor, offset, size, flags);
}

int posix_fallocate(int descriptor, off_t offset, off_t size) {
  static auto* const next = Next(&posix_fallocate, "posix_fallocate");
  WaitForDisk(descriptor, false);
  return next(descriptor, offset, size);
}

int posix_fallocate64(int descriptor, off64_t offset, off64_t size) {
  return posix_fallocate(descriptor, offset, size);
}

int clock_gettime(clockid_t clock, timespec* time) noexcept {
  static auto* const next = Next(&clock_gettime, "clock_gettime");
  const int result = next(clock, time);
  const Faults* const faults = FaultsOfProcess();
  if (result == 0 && faults != nullptr && IsTimeOfDay(clock)) {
    const int64_t nanoseconds =
        time->tv_sec * kNanosecondsPerSecond + time->tv_nsec + faults->clock_is_ahead.load();
    time->tv_sec = nanoseconds / kNanosecondsPerSecond;
    time->tv_nsec = nanoseconds % kNanosecondsPerSecond;
  }
  return result;
}

int gettimeofday(timeval* time, void*) noexcept {
  timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  *time = {now.tv_sec, now.tv_nsec / 1000};
  return 0;
}

time_t time(time_t* out) noexcept {
  timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  if (out != nullptr) *out = now.tv_sec;
  return now.tv_sec;
}

}  // extern "C"
