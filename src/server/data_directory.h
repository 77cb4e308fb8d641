#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "raft/types.h"
#include "server/environment.h"
#include "server/options.h"
#include "server/replacement.h"
#include "storage/backend/backend.h"
#include "storage/wal/log.h"

namespace server {

// A member's files, as etcd lays them out:
//
//   DATA_DIR/member/wal/         the log; or in wal_dir
//   DATA_DIR/member/snap/        snapshots
//   DATA_DIR/member/snap/db.mdb  the database
//   DATA_DIR/member/forgotten    that its leader has missed what it had acknowledged (forgotten.h)
//   DATA_DIR/restoring           what a restore has not finished (snapshot_restore.h)
struct Paths {
  explicit Paths(const Options& options);

  std::string member;
  std::string wal;
  std::string snap;
  std::string database;
  std::string restoring;
};

// A member as it was when it stopped or crashed, or founded just now.
struct Recovered {
  base::MemberId id;
  base::ClusterId cluster;
  std::unique_ptr<backend::Backend> database;
  std::unique_ptr<wal::Log> log;

  // The log after its newest mark, which is at `base`.
  raft::EntryId base;
  std::vector<raft::Entry> entries;
  raft::HardState hard_state;
  // How far the database covers the log, and the configuration there. Entries up to `applied` are
  // committed and must not be applied again.
  raft::EntryId applied;
  raft::ConfState conf_state;
  // The database is empty, and the log begins behind `base`: both are as OpenToRefill (refill.h)
  // leaves them, and `applied` is 0.
  bool awaits_snapshot = false;
  // Not null if the member has taken the place of another one and that is not complete.
  std::optional<Replacement> replacement;

  // Not null if all this was imported from what etcd has in the directory: etcd's database, locked.
  // The log is at TakeoverPaths::log then, and MoveEtcdFiles is to be called before anybody is
  // answered (takeover.h).
  std::unique_ptr<runtime::File> etcd_database;
};

// Whether a member lives in the directory, which was founded or imported then.
base::Result<bool> IsFounded(const runtime::Disk& disk, const Options& options);

// Tells what opening the log has cut off at its end, if it has.
void LogCutOff(const observe::Logger& logger, const wal::Log::Opened& opened);

// Opens the member's files, importing those of etcd (etcd_import.h), or founding the cluster if
// there is no log yet: it appears with its first entries, or not at all, so that one without any is
// that of a member which has joined and heard nothing. The log and the database must fit together:
//
//   mark <= applied <= last entry;  the log's term at `applied` is the database's
//
// A member whose database is damaged or missing may be refilled from others (refill.h).
//
// A member that has noted that it has forgotten what it had acknowledged (forgotten.h) is refused
// with kDataLoss, unless it is to go on alone (Options::force_new_cluster); a note of other members
// is removed.
//
// With Options::replace a member that is being replaced (replacement.h) is refused with kDataLoss,
// whatever its files are now; a note of other members is removed.
//
// A log all of whose damage is at or below `applied` begins anew there. One that ends before that,
// or that lacks its end, may have lost what was acknowledged: only the only voter goes on from it,
// with Options::force_new_cluster, or, without learners, unsafe_no_fsync. Otherwise kDataLoss,
// saying what is wrong where and how to recover, if they do not fit or if files cannot be believed;
// kFailedPrecondition if they are not such files, if the options do not fit them, and for founding
// a cluster of several members where there is no transport.
base::Result<Recovered> OpenDataDirectory(const Options& options, const Environment& environment);

// Whether it says that files cannot be believed, or are not there; all else that opening and
// reading them ends with is an error of the system: a permission, a disk.
bool IsDamageOrLoss(const base::Status& status);

}  // namespace server
