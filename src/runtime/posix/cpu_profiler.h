#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <vector>

#include "runtime/time.h"

namespace runtime::posix {

// Finds out where the process spends processor time: after each ten milliseconds of it, over all
// threads, the stack of the one that runs is noted, in a signal's handler that neither locks nor
// allocates. One profile at a time in a process; each function may be called by any thread.
class CpuProfiler {
 public:
  static constexpr Duration kPeriod = std::chrono::milliseconds(10);

  struct Profile {
    // Addresses of code, the innermost first; how often it was met.
    std::map<std::vector<uint64_t>, uint64_t> stacks;
    // Those that were not noted: the notes have 8 MiB.
    uint64_t lost = 0;
  };

  // False, and nothing happens, while another profile is made.
  [[nodiscard]] static bool Start();
  // Ends what Start began, at once.
  class Notes;
  static std::shared_ptr<const Notes> Stop();
  // What was noted; takes as long as that is much, for a worker.
  static Profile Count(const Notes& notes);
};

}  // namespace runtime::posix
