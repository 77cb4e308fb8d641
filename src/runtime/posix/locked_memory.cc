#include "runtime/posix/locked_memory.h"

#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <string>

#include "base/check.h"

namespace runtime::posix {
namespace {

// Whether the limit holds for this process, which a privilege may lift: only the kernel can tell.
bool MayMapMoreThan(rlim_t limit) {
  const size_t bytes = static_cast<size_t>(limit) + static_cast<size_t>(::getpagesize());
  void* const mapped =
      ::mmap(nullptr, bytes, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (mapped == MAP_FAILED) return false;
  CHECK(::munmap(mapped, bytes) == 0);
  return true;
}

}  // namespace

base::Status LockMemory() {
  rlimit limit{};
  CHECK(::getrlimit(RLIMIT_MEMLOCK, &limit) == 0);
  const bool locked = ::mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT) == 0;
  if (locked && (limit.rlim_cur == RLIM_INFINITY || MayMapMoreThan(limit.rlim_cur))) return {};
  ::munlockall();
  return {base::Code::kResourceExhausted, "memory that may be locked is limited to " +
                                              std::to_string(limit.rlim_cur) +
                                              " bytes (ulimit -l); it must be unlimited"};
}

}  // namespace runtime::posix
