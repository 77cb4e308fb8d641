#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "raft/types.h"
#include "runtime/disk.h"
#include "storage/wal/segment.h"
#include "storage/wal/snapshot_mark.h"

namespace wal {

// What a log says after a snapshot.
struct Contents {
  base::Bytes metadata;
  raft::HardState hard_state;
  // Those after the starting mark, consecutive; what a later entry replaced is gone.
  std::vector<raft::Entry> entries;
};

// Where a log ends.
struct Tail {
  std::string path;     // of the last segment
  uint64_t offset = 0;  // in the last segment
  uint32_t chain = 0;
  uint64_t size = 0;  // of the last segment's file
  // The segment's file had all its space durably before it was written to, by what it says.
  bool is_preallocated = false;
  // It ends behind a write that ends in a hard state, and at the end of its file; or the file has
  // kClosingBytes behind that.
  bool may_be_closed = false;
  bool is_closed = false;
  base::Index last_index;    // of the last entry or mark written, 0 if none
  bool must_be_cut = false;  // what follows `offset` is the rest of a crash
};

struct ReadLog {
  Contents contents;
  Tail tail;
  // Where the segment before the last one ends, if it was read.
  std::optional<Tail> before;
};

// The segments from which a log can be read after `start`: the last one whose first index is not
// past it, and all that follow. kNotFound without one, kDataLoss if the sequence has a gap.
base::Result<std::vector<SegmentName>> SelectSegments(const runtime::Disk& disk,
                                                      std::string_view directory,
                                                      base::Index start);

// The frames of a log: ours and those of etcd since 3.0; or also those before.
enum class Frames : uint8_t { kPadded, kAny };

// Reads the log after `start`, which must be among its marks (kNotFound), with that term. Bytes
// that cannot be believed are kDataLoss and named by file and offset, unless they are at the end
// and MustBeCut says that a crash left them there, which is no error. A sole voter's log is known
// to say of no entry that it is committed before it was durable here. Changes nothing.
base::Result<ReadLog> Read(runtime::Disk& disk, std::string_view directory,
                           const SnapshotMark& start, bool is_sole_voter = false,
                           Frames frames = Frames::kPadded);

// Reads the log after the entry `covered`, which need not be a mark, from the last segments that
// are needed for it, and passes over damage as long as all that it took away is known to be at or
// below that entry: behind it the log must go on with a hard state and with an entry that is at
// most the next one. Otherwise the errors of Read. Changes nothing.
base::Result<ReadLog> ReadPastDamage(runtime::Disk& disk, std::string_view directory,
                                     const SnapshotMark& covered, bool is_sole_voter = false);

// What can be read of a log, wherever it stands and whatever is between.
struct Remains {
  // Of a segment whose first two records say the same of its checksum; empty without such a one.
  base::Bytes metadata;
  raft::HardState hard_state;  // the last one
  base::Index highest_index;   // of all entries and marks
  // Of the last segment. One that ends within its head is taken for one that had its space: its
  // head, which holds a mark or a hard state, was durable before it had its name.
  std::string path;
  uint64_t size = 0;
  bool is_preallocated = false;
};
base::Result<Remains> ReadRemains(runtime::Disk& disk, std::string_view directory);

// Whether that is nothing from entry `covered` on, and says whose log it is.
bool EndsBelow(const Remains& remains, base::Index covered);

// The newest mark with an index that is known to be committed: from there a log should be read.
// Looks at the segments from the last one back, and at no more than that takes. kNotFound without
// such a mark, kDataLoss as Read.
base::Result<SnapshotMark> FindNewestMark(runtime::Disk& disk, std::string_view directory,
                                          Frames frames = Frames::kPadded);

}  // namespace wal
