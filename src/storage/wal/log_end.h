#pragma once

#include <cstdint>
#include <string>

#include "base/ids.h"
#include "base/result.h"
#include "base/status.h"
#include "runtime/disk.h"

namespace wal {

// What is known of the last segment where its records can no longer be read one after another.
struct EndOfRecords {
  const runtime::File* file = nullptr;
  uint64_t size = 0;
  std::string path;
  uint64_t offset = 0;     // behind the last record that could be read
  base::Index last_index;  // of the last entry or mark before; 0 if none
  // The member votes alone: an entry is committed only after it was durable here.
  bool is_sole_voter = false;
  // Whether each write of this part of the segment is known to end in a hard state; see log.h.
  bool writes_end_in_state = false;
  bool after_state = false;  // the last record that could be read is a hard state
  // Why the bytes at `offset` are no record. OK if there is an end, a length of zero.
  base::Status fault;
  // Whether they look like a frame of which only some sectors reached the disk, and where that
  // ends; 0 if its length is not sure.
  bool is_torn = false;
  uint64_t torn_end = 0;
};

// Whether there is something behind `end.offset` that a crash left there and that is to be cut off.
// kDataLoss, naming file and offset, if it is damage instead: what was lost may have been
// acknowledged.
//
// A crash cuts off the last write, which was not acknowledged, and leaves any of its sectors. So
// all that can be read behind the hole, at any offset, must be able to belong to that one write:
// entries, and at the very end a hard state. A later write began only when all before it was
// durable. These belong to one, so that the hole is damage:
//
//   - a mark, metadata or a checksum record: it begins a write or a segment;
//   - a record behind a hard state, where writes are known to end in one;
//   - an entry whose index is at most the one after the last entry before the hole: no entry is
//     missing between them, so the hole held a write's end. Not where the hole begins a write,
//     whose entries may replace earlier ones, as another leader's do; but also there for a sole
//     voter;
//   - any entry, where writes are not known to end so;
//   - a hard state of a sole voter that has voted, if it commits more than was read before the
//     hole: such a voter's write commits none of its own entries.
//
// Bytes that neither a record nor a crash has left are cut off if they lie behind the end of a
// write and nothing can be read behind them.
base::Result<bool> MustBeCut(const EndOfRecords& end);

}  // namespace wal
