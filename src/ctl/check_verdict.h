#pragma once

#include <cstdint>
#include <string>

#include "ctl/load_report.h"

namespace ctl {

// What a check says at its end, in lines, and whether all is well.
struct Verdict {
  std::string text;
  bool passed = false;
};

// Whether the cluster took nine tenths of the puts that were wanted, none of them in more than half
// a second, without an error, and in times that deviate by a tenth of a second at most.
Verdict JudgePerformance(const LoadReport& report, uint64_t puts_per_second);

// Whether all was put, and by how much memory a member has grown with that.
Verdict JudgeMemory(const LoadReport& report, double bytes_before, double bytes_after);

}  // namespace ctl
