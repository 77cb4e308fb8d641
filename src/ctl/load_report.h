#pragma once

#include <cstdint>
#include <map>
#include <string>

namespace ctl {

// What came of the puts of a check.
struct LoadReport {
  uint64_t done = 0;
  std::map<std::string, uint64_t> errors = {};  // by text, how many failed so
  double seconds = 0;                           // from the start to the end of the last put
  // Of those that were done, in seconds; 0 if there is none.
  double slowest = 0;
  double deviation = 0;  // the standard deviation

  double PerSecond() const { return seconds > 0 ? static_cast<double>(done) / seconds : 0; }
};

}  // namespace ctl
