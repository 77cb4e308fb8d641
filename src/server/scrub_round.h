#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/ids.h"
#include "base/status.h"
#include "runtime/disk.h"
#include "server/data_directory.h"
#include "storage/backend/backend.h"
#include "storage/snap/snapshot_directory.h"
#include "storage/wal/segment.h"
#include "storage/wal/segment_check.h"

namespace server {

enum class ScrubbedKind : uint8_t { kLog, kSnapshot, kDatabase };

std::string_view NameOf(ScrubbedKind kind);

// What a round has found.
struct ScrubDamage {
  ScrubbedKind kind;
  std::string path;
  uint64_t offset = 0;  // of a record in the log; otherwise 0
  base::Status status;  // names the file, and where in it
  // Of the log: the segment's place in the sequence, and the first entry that is not in it.
  uint64_t segment = 0;
  base::Index end = {};
};

// One look at all that a member has on its disk and has closed, in this order, and some of it at a
// time: the segments of its log but the last; its `.snap` files; the pages that lead to the records
// of its database (StructureCheck); each of these records, also by its key. A file that is removed
// meanwhile is passed over. What a damaged segment has behind the damage is not looked at, nor what
// a bucket has. Changes nothing, but that a damaged `.snap` file is renamed: no start needs one.
//
// One thread at a time, which blocks on the disk.
class ScrubRound {
 public:
  ScrubRound(runtime::Disk* disk, const Paths& paths);

  // Goes on over about so many bytes; a file of a snapshot and a record are not divided. Of the
  // database it reads what it holds now, by a reader that ends with the step; the pages that lead
  // to the records by one that is kept for all of them, or until Rest. Returns how many bytes there
  // were; an error if something could not be read now. Damage is no error.
  base::Result<uint64_t> Step(backend::Backend& database, uint64_t bytes);

  // Holds nothing of the database from here to the next step; what leads to the records is looked
  // at from its beginning then.
  void Rest() { structure_.reset(); }

  // Of the steps so far, since this was asked.
  std::vector<ScrubDamage> TakeDamages() { return std::exchange(damages_, {}); }
  // Nothing is left.
  bool is_done() const { return phase_ == Phase::kDone; }

 private:
  enum class Phase : uint8_t { kBegin, kLog, kSnapshots, kStructure, kDatabase, kDone };

  base::Status Begin();
  base::Result<uint64_t> StepLog(uint64_t bytes);
  base::Status OpenSegment();
  base::Result<uint64_t> StepSnapshots();
  base::Result<uint64_t> StepStructure(backend::Backend& database, uint64_t bytes);
  base::Status CheckIsFound(backend::Reader& reader, const backend::Cursor& cursor) const;
  base::Result<uint64_t> StepDatabase(backend::Backend& database, uint64_t bytes);

  runtime::Disk& disk_;
  const Paths paths_;
  snap::SnapshotDirectory directory_;
  Phase phase_ = Phase::kBegin;
  std::vector<ScrubDamage> damages_;

  std::vector<wal::SegmentName> segments_;  // the last of them is not looked at
  size_t segment_ = 0;
  std::unique_ptr<wal::SegmentCheck> check_;  // of that one; null: it is not open yet
  std::optional<uint32_t> chain_;             // what the one before ended with

  std::vector<snap::SnapshotName> snapshots_;
  size_t snapshot_ = 0;

  std::unique_ptr<backend::StructureCheck> structure_;  // null: it is not begun
  backend::BucketId bucket_ = 0;
  base::Bytes key_;          // the last one of it that was looked at; empty: none
  uint64_t since_drop_ = 0;  // bytes, since what was read was last taken out of memory
};

}  // namespace server
