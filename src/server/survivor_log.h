#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "raft/types.h"
#include "runtime/disk.h"
#include "server/data_directory.h"
#include "server/log_metadata.h"
#include "server/options.h"
#include "storage/schema/consistent_index.h"

namespace server {

// What the log of a member that does not run says, ours or etcd's; nothing of it is changed.
struct SurvivorLog {
  LogMetadata identity;  // zero if the log does not say it
  raft::EntryId base;    // behind which the entries begin
  std::vector<raft::Entry> entries;
  raft::HardState state;
  // Why the member would not go on from it, by file and place; empty if it would. What else is here
  // may be missing then.
  std::string damage;
  // Of what the database has, and is made good from it.
  std::string mended_damage;

  raft::EntryId last() const {
    return entries.empty() ? base : raft::EntryId{entries.back().term, entries.back().index};
  }
};

// As a start would read it for a database that covers it so far. Damage is part of the answer; an
// error is that of the disk.
base::Result<SurvivorLog> ReadSurvivorLog(runtime::Disk& disk, const Options& options,
                                          const schema::ConsistentIndex& covered,
                                          bool is_sole_voter);
// The same of etcd's files, of which the log alone counts.
base::Result<SurvivorLog> ReadSurvivorLogOfEtcd(runtime::Disk& disk, const Options& options);

// What is wrong with the database at this path, which has all up to entry `covered`, beside a log
// that begins behind entry `begin`.
std::string DatabaseBehindLog(const std::string& database, base::Index covered, base::Index begin);

// Where the database of a member of ours lies: that of a snapshot which it received and marked in
// its log, and had not put in its place yet, is the one that counts.
base::Result<std::string> SurvivorDatabasePath(runtime::Disk& disk, const Options& options);

}  // namespace server
