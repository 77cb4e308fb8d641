#pragma once

#include <cstdint>
#include <functional>

#include "base/status.h"
#include "observe/log.h"
#include "runtime/disk.h"
#include "server/options.h"
#include "storage/backend/backend.h"

namespace server {

// A member's files become a directory on which etcd starts as the same member, of the same cluster:
//
//   database                           -> member/snap/db, as of the last entry that it has
//   that entry, and the membership     -> a `.snap` file, and the mark at which the log begins
//   entries behind it, term and vote   -> member/wal
//
// Both directories are of one member then, and only one of the two may go on.
struct EtcdExport {
  // The member that does not run, by its directories, and its database.
  const Options* member;
  backend::Backend* database;
  // Where etcd's directory is to be, which appears whole or not at all (new_directory.h): the
  // directories alone count, and the size of the log's segments.
  const Options* target;
  // What etcd does not know (extensions.h) is left out. Else it is refused.
  bool leave_out_extensions = false;
  // Is told how far the database is written, in bytes.
  std::function<void(uint64_t done, uint64_t total)> on_progress = [](uint64_t, uint64_t) {};
};

// Of the member nothing is changed. kFailedPrecondition, naming it, for what etcd does not know, or
// if something is at the target; kDataLoss, saying what is wrong where, for files that cannot be
// believed. In memory: the log behind the last entry that the database has, and some megabytes or
// the largest record. Blocks.
base::Status ExportToEtcd(runtime::Disk& disk, const observe::Logger& logger,
                          const EtcdExport& request);

}  // namespace server
