#pragma once

#include <memory>

#include "runtime/simulated/disk.h"
#include "storage/backend/memory_backend.h"

namespace server {

// A rule of the log and the database that is broken on purpose, from below: by a disk and a
// database that do not keep their contracts, so that the member is the one that is shipped.
enum class Planted {
  kNothing,
  // The index is durable in a transaction before that of the changes it covers.
  kIndexBeforeItsChanges,
  // The changes are durable in a transaction before that of the index that covers them.
  kChangesBeforeTheirIndex,
  // The index is that of an entry whose changes are not in the transaction.
  kIndexAheadOfItsChanges,
  // The term is not that of the index's entry.
  kTermLeftBehind,
  // A transaction makes some of its changes only.
  kHalfABatch,
  // A commit is reported before it is durable; so the log is marked and released too far.
  kCommitReportedEarly,
  // The log's writes are reported as durable before they are.
  kLogNotSynced,
  // No rules, but failures that must not be survived: of all commits but the first, and of every
  // snapshot file.
  kCommitsFail,
  kSnapshotsFail,
  // Of all reads of the database by the apply side, once there was a commit: entries that cannot
  // be applied for a reason of this member's own must end it, not be refused or left out.
  kReservedReadersFail,
  // The same, and what fails is every record that is read: it is damaged.
  kRecordsDamaged,
};

// The member's database: `durable` is what a crash leaves. A commit is a change of the disk, so
// that the power may fail at it; then nothing of it is durable.
std::unique_ptr<backend::Backend> OpenPlantedBackend(
    std::shared_ptr<backend::MemoryDatabase> durable, runtime::Disk* disk, Planted planted,
    backend::MemoryOptions options = {});

// The member's view of `disk`. When its power has failed the process is dead, but a simulated one
// is at it until the end of its turn: it sees an empty disk on which all that it does succeeds.
std::unique_ptr<runtime::Disk> OpenPlantedDisk(runtime::simulated::Disk* disk, Planted planted);

}  // namespace server
