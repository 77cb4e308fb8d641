#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "runtime/disk.h"
#include "storage/wal/segment.h"
#include "storage/wal/types.h"

namespace wal {

// What a log says after a snapshot.
struct Contents {
  base::Bytes metadata;
  HardState hard_state;
  // Those after the starting mark, consecutive; what a later entry replaced is gone.
  std::vector<StoredEntry> entries;
};

// Where a log ends.
struct Tail {
  uint64_t offset = 0;  // in the last segment
  uint32_t chain = 0;
  base::Index last_index;  // of the last entry written, 0 if none
  bool torn = false;       // what follows `offset` was cut off by a crash
};

struct ReadLog {
  Contents contents;
  Tail tail;
};

// The segments from which a log can be read after `start`: the last one whose first index is not
// past it, and all that follow. kNotFound without one, kDataLoss if the sequence has a gap.
base::Result<std::vector<SegmentName>> SelectSegments(const runtime::Disk& disk,
                                                      std::string_view directory,
                                                      base::Index start);

// Reads the log after `start`, which must be among its marks (kNotFound), with that term. Bytes
// that cannot be believed are kDataLoss and named by file and offset, unless they are the end of a
// write that a crash cut off, which is no error. Changes nothing.
base::Result<ReadLog> Read(runtime::Disk& disk, std::string_view directory,
                           const SnapshotMark& start);

// The marks of all segments with an index that is known to be committed, in the order written.
base::Result<std::vector<SnapshotMark>> ReadSnapshotMarks(runtime::Disk& disk,
                                                          std::string_view directory);

}  // namespace wal
