#pragma once

#include <cstdint>
#include <string_view>

#include "base/result.h"
#include "config/server_config.h"

namespace config {

// What --auto-compaction-mode and --auto-compaction-retention say together: how long old revisions
// are kept, or how many. Both are zero if all are kept.
struct AutoCompaction {
  Duration period{0};
  int64_t revisions = 0;
};

// kInvalidArgument with etcd's text for a mode that there is not.
base::Status CheckAutoCompactionMode(std::string_view mode);

// Of the mode "periodic" or "revision" and a number, which are hours or revisions, or a duration.
// kInvalidArgument with etcd's text. Compat: as in etcd a duration with the mode "revision" counts
// revisions, one for each nanosecond.
base::Result<AutoCompaction> ParseAutoCompaction(std::string_view mode, std::string_view retention);

}  // namespace config
