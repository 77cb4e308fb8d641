#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/status.h"
#include "net/peer/environment.h"
#include "net/peer/snapshot_sender.h"
#include "raft/types.h"
#include "runtime/disk.h"

namespace peer {

// What unfinished work leaves has this in its name.
inline constexpr std::string_view kReceivingMark = ".receiving";

// The database of a snapshot, in one of the two forms, as it arrives. It leaves as much of the disk
// to others as a spool does. Blocks; one thread at a time.
class ArrivingDatabase {
 public:
  virtual ~ArrivingDatabase() = default;

  // The next bytes. kResourceExhausted if they leave too little of the disk to others; kDataLoss
  // for what is damaged.
  virtual base::Status Append(base::ByteView bytes) = 0;
  // They were all, and came with `snapshot`: puts the database, as this member has them, at `path`.
  // Everything in it is checked before, and it is durable on return; if anything is wrong nothing
  // is at `path` that was not there before, and nothing else was touched. kDataLoss for a database
  // that is damaged or not as of the snapshot's entry; the errors of image::ImportDatabase.
  virtual base::Status Install(const raft::Snapshot& snapshot, const std::string& path) = 0;
  // Removes what has arrived, unless it is installed. The last call.
  virtual void Remove() = 0;

  uint64_t bytes() const { return bytes_; }

 protected:
  uint64_t bytes_ = 0;  // that have arrived
};

// At `path` and what begins with that, which is replaced. An image becomes a file, of which a
// database is made when it is whole; of records the database is made as they come. What
// `environment` points to outlives the result.
std::shared_ptr<ArrivingDatabase> NewArrivingDatabase(SnapshotForm form,
                                                      const Environment& environment,
                                                      const std::string& path);

// Removes what was left by work that did not come to its end, in the directory. Blocks.
base::Status RemoveUnfinished(runtime::Disk& disk, const std::string& directory);

}  // namespace peer
