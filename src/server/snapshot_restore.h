#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/result.h"
#include "observe/log.h"
#include "runtime/disk.h"
#include "server/options.h"
#include "storage/backend/backend.h"

namespace server {

// A snapshot file becomes the data directory of a member of a new cluster: of each of its members
// the same way, from the same file, under its own name. As `etcdutl snapshot restore` of etcd:
//
//   keys, leases, users, roles, alarms   the snapshot's
//   members, ids, log                    those of Options::initial_cluster, new
//
// The log begins behind the entries that would have founded the cluster, so that whoever joins
// later gets a snapshot. It appears whole or not at all (new_directory.h).
struct SnapshotRestore {
  std::string snapshot;  // bbolt's format
  // The SHA-256 at its end may be missing or wrong.
  bool skip_digest = false;
  // How far the revision goes on from the snapshot's; up to there history is marked as compacted,
  // so that watches from before the restore are told. 0: neither.
  uint64_t bump_revision = 0;
};

struct RestoreEnvironment {
  runtime::Disk* disk;
  // Makes a new database; what is committed to it need not be durable.
  std::function<base::Result<std::unique_ptr<backend::Backend>>(const std::string& path)>
      new_database;
  const observe::Logger* logger;
  // Is told how far the database is read, in bytes.
  std::function<void(uint64_t done, uint64_t total)> on_progress = [](uint64_t, uint64_t) {};
};

// Of Options those of a first start: name, directories, initial cluster, segments of the log.
// kFailedPrecondition if a directory is in use, or the file has no digest; kDataLoss, saying what
// is wrong, for a file that cannot be believed. In memory: some megabytes, or the largest record.
// Blocks.
base::Status RestoreSnapshot(const Options& options, const RestoreEnvironment& environment,
                             const SnapshotRestore& restore);

}  // namespace server
