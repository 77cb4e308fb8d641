#pragma once

#include "observe/metrics.h"
#include "runtime/disk.h"

namespace observe {

// Adds what the operating system knows of this process to every scrape: processor time, memory,
// open files and their limits, under the names that all programs use (process_*) and etcd's own
// (os_fd_*). Read from /proc through `disk`, which outlives the registry; what cannot be read is
// left out.
void AddProcessMetrics(runtime::Disk* disk, Registry* registry);

}  // namespace observe
