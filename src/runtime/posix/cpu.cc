#include "runtime/posix/cpu.h"

#include <sched.h>

#include <algorithm>

namespace runtime::posix {

size_t UsableCpuCount() {
  cpu_set_t set;
  if (::sched_getaffinity(0, sizeof set, &set) != 0) return 1;
  return static_cast<size_t>(std::max(1, CPU_COUNT(&set)));
}

}  // namespace runtime::posix
