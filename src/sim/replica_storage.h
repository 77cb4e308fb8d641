#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "raft/output.h"
#include "raft/types.h"
#include "runtime/disk.h"
#include "storage/wal/log.h"

namespace sim {

// What a replica keeps on its disk: the write-ahead log, and snapshot files beside it.
class ReplicaStorage {
 public:
  struct Recovered {
    raft::HardState hard_state;
    raft::SnapshotPtr snapshot;  // null if none was ever made
    std::vector<raft::Entry> entries;
  };
  struct Opened;

  // Reads what is there, or makes an empty log.
  static base::Result<Opened> Open(runtime::Disk& disk);

  // Makes durable what an output wants to be.
  base::Status Save(const raft::Output& output);
  // Makes a snapshot of this replica durable and gives up the log before it.
  base::Status SaveSnapshot(const raft::Snapshot& snapshot);

 private:
  ReplicaStorage(runtime::Disk& disk, std::unique_ptr<wal::Log> log)
      : disk_(disk), log_(std::move(log)) {}

  base::Status WriteSnapshotFile(const raft::Snapshot& snapshot);

  runtime::Disk& disk_;
  const std::unique_ptr<wal::Log> log_;
};

struct ReplicaStorage::Opened {
  std::unique_ptr<ReplicaStorage> storage;
  Recovered recovered;
};

}  // namespace sim
