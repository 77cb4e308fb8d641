#pragma once

#include <string>
#include <vector>

#include "base/status.h"
#include "raft/types.h"
#include "storage/wal/snapshot_mark.h"

namespace server {

// Whether a database belongs to the log that it was found beside. `beginning` is where the log is
// read from, `entries` all that it has, and `of_database` the configuration in the database.
//
// A database that has applied this log has its members from there: from the configuration at its
// beginning, or from a change of it. kFailedPrecondition, naming `path`, if the log knows none of
// them: another cluster's file lies there. OK where the log does not say, as that of an etcd before
// 3.5.
base::Status CheckOwner(const std::string& path, const wal::SnapshotMark& beginning,
                        const std::vector<raft::Entry>& entries,
                        const raft::ConfState& of_database);

}  // namespace server
