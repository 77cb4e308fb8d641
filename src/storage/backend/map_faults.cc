#include "storage/backend/map_faults.h"

#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <mutex>

#include "base/check.h"

namespace backend {
namespace {

// What the handler knows of a mapped file. `end` is set last and cleared first.
struct Known {
  std::atomic<uintptr_t> begin = 0;
  std::atomic<uintptr_t> end = 0;
  std::atomic<std::atomic<bool>*> is_damaged = nullptr;
};

constexpr size_t kKnownMax = 64;

std::array<Known, kKnownMax> known_files;
std::mutex known_mutex;  // of those who change known_files
uintptr_t page_bytes;
struct sigaction bus_before;
struct sigaction segv_before;

Known* FileAt(uintptr_t address) {
  for (Known& known : known_files) {
    const uintptr_t end = known.end.load(std::memory_order_acquire);
    if (address < end && address >= known.begin.load(std::memory_order_relaxed)) return &known;
  }
  return nullptr;
}

// Only what may be called in a handler.
void OnFault(int signal, siginfo_t* info, void* context) {
  EndGuarded();
  const auto address = reinterpret_cast<uintptr_t>(info->si_addr);
  if (Known* const file = FileAt(address); file != nullptr && signal == SIGBUS) {
    void* const page = reinterpret_cast<void*>(address / page_bytes * page_bytes);
    const void* const mapped =
        ::mmap(page, page_bytes, PROT_READ, MAP_FIXED | MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (mapped == page) {
      file->is_damaged.load()->store(true, std::memory_order_release);
      return;
    }
  }
  const struct sigaction& before = signal == SIGBUS ? bus_before : segv_before;
  if ((before.sa_flags & SA_SIGINFO) != 0) return before.sa_sigaction(signal, info, context);
  // The instruction faults again, without this handler.
  CHECK_EQ(::sigaction(signal, &before, nullptr), 0);
}

void TakeSignals() {
  page_bytes = static_cast<uintptr_t>(::sysconf(_SC_PAGESIZE));
  struct sigaction action {};
  action.sa_sigaction = OnFault;
  // A fault that ends Guarded never returns from the handler, and the next one must come, too.
  action.sa_flags = SA_SIGINFO | SA_NODEFER | SA_ONSTACK;
  CHECK_EQ(::sigaction(SIGBUS, &action, &bus_before), 0);
  CHECK_EQ(::sigaction(SIGSEGV, &action, &segv_before), 0);
}

}  // namespace

namespace internal {
thread_local sigjmp_buf* fault_target = nullptr;
}  // namespace internal

void EndGuarded() {
  if (internal::fault_target != nullptr) siglongjmp(*internal::fault_target, 1);
}

MappedFile::MappedFile(const void* begin, size_t bytes)
    : begin_(static_cast<const char*>(begin)), bytes_(bytes) {
  static std::once_flag once;
  std::call_once(once, TakeSignals);
  const std::lock_guard lock(known_mutex);
  for (size_t place = 0; place < known_files.size(); ++place) {
    Known& known = known_files[place];
    if (known.end != 0) continue;
    place_ = static_cast<int>(place);
    known.is_damaged = &is_damaged_;
    known.begin = reinterpret_cast<uintptr_t>(begin);
    known.end = reinterpret_cast<uintptr_t>(begin) + bytes;
    return;
  }
}

MappedFile::~MappedFile() {
  const std::lock_guard lock(known_mutex);
  if (place_ >= 0) known_files[static_cast<size_t>(place_)].end = 0;
}

}  // namespace backend
