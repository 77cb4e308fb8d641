#pragma once

#include <cstdint>
#include <functional>
#include <span>

#include "base/ids.h"
#include "base/status.h"
#include "raft/types.h"
#include "runtime/disk.h"
#include "server/environment.h"
#include "server/options.h"
#include "storage/backend/backend.h"

namespace server {

// A member that is left of a cluster without a quorum becomes the data directory of a member of a
// new cluster, of each of its members the same way, from the same survivor:
//
//   keys, leases, users, roles, alarms   the survivor's, with every entry of its log applied: what
//                                        it does not know to be committed may have been answered
//   members, ids, log                    those of Options::initial_cluster, new
//
// As a restored snapshot (snapshot_restore.h) it appears whole or not at all.
struct ClusterRecovery {
  // The survivor's directories, of which nothing is changed, and its cluster.
  const Options* survivor;
  base::ClusterId cluster;
  // What it has there: etcd's database, or one of ours with the log behind it.
  const runtime::File* etcd_database = nullptr;
  backend::Backend* database = nullptr;
  raft::EntryId applied = {};                 // the last entry that this has
  std::span<const raft::Entry> entries = {};  // behind it
  // See SnapshotRestore.
  uint64_t bump_revision = 0;
};

// Of `target` the options of a first start: name, directories, initial cluster, segments of the
// log. Of `environment` the disk, the apply loop's clock, the logger and open_backend, whose
// commits need not be durable. kFailedPrecondition if a directory is in use, or if the new cluster
// would have the id of the old one, whose members could then disturb it; kDataLoss, saying what is
// wrong, for files that cannot be believed. Blocks.
base::Status RecoverCluster(const Options& target, const Environment& environment,
                            const ClusterRecovery& recovery);

}  // namespace server
