#pragma once

#include <memory>
#include <string>

#include "base/ids.h"
#include "base/result.h"
#include "raft/types.h"
#include "runtime/disk.h"
#include "server/data_directory.h"
#include "server/environment.h"
#include "server/options.h"

namespace server {

// Makes of what etcd has in the directory what this member goes on from: its database with every
// entry of etcd's log applied, and a log that begins there. Changes nothing of etcd's (takeover.h).
// Returns etcd's database, locked against etcd until it is closed.
//
// Read are the directories of etcd 3.4 to 3.7. Of a member of several, what the log does not have
// as committed is behind the mark of the new log, as are its term and vote; of one that is to be
// the only one (Options::force_new_cluster) it is dropped. Everything is checked; after an error
// the directory is as etcd left it. kFailedPrecondition or kUnimplemented, naming it, for what this
// version cannot serve; kUnavailable if etcd runs; kDataLoss, by file and place, for damage. In
// memory: the log behind etcd's newest snapshot, the keys without their values, and of the database
// some megabytes or its largest record. Blocks.
base::Result<std::unique_ptr<runtime::File>> ImportEtcd(const Options& options,
                                                        const Environment& environment);

// What a cluster that is founded anew begins with (cluster_recovery.h).
struct AllOfEtcd {
  raft::EntryId last;       // applied
  base::Revision revision;  // of the keys then
};
// Makes a database at `path` of what etcd has in the directory of `options`, as above, but with
// every entry of its log applied, those too that are not known to be committed, and with its keys
// of the API v2. `etcd_database` is etcd's, open and locked. Nothing of the directory is changed.
base::Result<AllOfEtcd> ImportAllOfEtcd(const Options& options, const Environment& environment,
                                        const runtime::File& etcd_database,
                                        const std::string& path);

// The other way round, for a member that was imported and does not run: etcd's files are where they
// were, and ours are gone. kFailedPrecondition once the member has promised something that etcd's
// files do not have: an entry, a term or a vote. A crash leaves the directory as either. Blocks.
base::Status UndoImport(runtime::Disk& disk, const Paths& paths);

}  // namespace server
