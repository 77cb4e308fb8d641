#pragma once

#include <cstddef>

#include "base/result.h"
#include "runtime/disk.h"
#include "server/log_metadata.h"
#include "server/options.h"
#include "storage/snap/source.h"

namespace server {

// A copy of what etcd 2.3 to 3.5 has in a data directory, with which a new cluster of one member
// can begin (--force-new-cluster):
//
//   the newest snapshot that the log knows of   -> a `.snap` file, as it is
//   the log behind it, under another name       -> member/wal
//   the database of v3, or an empty one         -> member/snap/db
//
// Without entries that name members, or change who they are: those behind them get lower indexes,
// and so do what is known to be committed and what the database covers.
struct EtcdBackup {
  // Of etcd, which may run; and where the copy is to be, which appears whole or not at all
  // (new_directory.h). The directories alone count, and the size of the copy's segments.
  const Options* source;
  const Options* target;
  // By which the copy knows itself.
  LogMetadata name;
  // The database, if the keys of v3 are to come along; else null, and the entries of v3 are left
  // out.
  snap::Source* database = nullptr;
};

// What was left out of the log.
struct LeftOut {
  size_t changes_of_members = 0;
  size_t names_of_members = 0;
  size_t entries_of_v3 = 0;
};

// Changes nothing at the source. kFailedPrecondition if something is at the target; kDataLoss,
// saying what is wrong where, for files that cannot be believed. In memory: the log. Blocks.
base::Result<LeftOut> BackUpEtcd(runtime::Disk& disk, const EtcdBackup& request);

}  // namespace server
