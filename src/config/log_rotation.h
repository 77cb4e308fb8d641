#pragma once

#include <cstdint>
#include <string_view>

#include "base/result.h"

namespace config {

// --log-rotation-config-json.
struct LogRotation {
  // A log file that has reached this size is full; 0 for 100.
  uint64_t max_size_megabytes = 0;
  // Full files that are older are removed; 0 for never.
  uint64_t max_age_days = 0;
  // Full files that are kept; 0 for all.
  uint64_t max_backups = 0;
  // Names of full files carry local time instead of UTC.
  bool local_time = false;
  // Full files are compressed with gzip.
  bool compress = false;
};

// The case of letters in a key does not count; of a key that comes several times the last one in
// the text does. Fails with kInvalidArgument and the beginning of etcd's text. Unknown keys are
// passed over, and so is the text of `filename`: the file is the one of --log-outputs.
base::Result<LogRotation> ParseLogRotation(std::string_view json);

}  // namespace config
