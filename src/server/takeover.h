#pragma once

#include <string>

#include "base/result.h"
#include "runtime/disk.h"
#include "server/data_directory.h"
#include "server/environment.h"
#include "server/etcd_log.h"
#include "storage/wal/log.h"

// A directory that etcd made is taken over in steps, each of which a crash may follow:
//
//   etcd's        member/snap/{db,*.snap}, member/wal
//   -> marked     and member/snap.etcd, empty: what follows is made anew at each start
//   -> imported   and member/snap/db.mdb, member/wal.import: ours. etcd still starts on its files
//   -> moved      member/snap.etcd/db in the place of member/snap/db: nothing is imported again
//   -> blocked    and member/snap/db, an empty directory, which no etcd gets past
//   -> taken over member/snap/db.mdb, member/wal: ours; member/snap.etcd, member/wal.etcd: etcd's
//
// Between "moved" and "blocked" an etcd that somebody starts may go on from its log alone: where
// its log ended is noted (member/snap.etcd/imported), and one that has gone on is not moved.
//
// The move comes when the member is first asked, before it answers: until then nothing has been
// promised that etcd's files do not have. One of several members votes as soon as it has started:
// then it comes right behind the import.

namespace server {

struct TakeoverPaths {
  explicit TakeoverPaths(const Paths& paths);

  std::string database;  // etcd's: snap/db
  std::string log;       // ours until the move
  std::string old_snap;  // where etcd's files go
  std::string record;    // there: where etcd's log ended when it was imported
  std::string old_database;
  std::string old_log;
};

enum class Takeover {
  kNone,    // the directory is ours, or new
  kImport,  // etcd's files are to be imported, maybe once more
  kFinish,  // they were, and their move was cut short
};

// What the next step is. kFailedPrecondition, naming it, for what no crash leaves behind.
base::Result<Takeover> FindTakeover(runtime::Disk& disk, const Paths& paths);

// Marks the directory and removes what an import left that was cut short. Durable on return. What
// is made from now on is unfinished (runtime/unfinished.h) until the move begins.
base::Status BeginTakeover(runtime::Disk& disk, const Paths& paths);
// Notes where etcd's log ended that was imported. Durable on return.
base::Status RecordImported(runtime::Disk& disk, const Paths& paths, const EtcdLog& log);
// Removes all of that and the mark: the directory is as etcd left it.
base::Status AbandonTakeover(runtime::Disk& disk, const Paths& paths);

// Moves etcd's files out of the way, by one durable rename each, and then `log`, which is open at
// TakeoverPaths::log, to its place. Blocks.
base::Status MoveEtcdFiles(const Environment& environment, const Paths& paths, wal::Log* log);
// The same after a crash in its midst; nobody has the log open. kFailedPrecondition, saying what to
// do, if etcd has gone on meanwhile.
base::Status FinishTakeover(runtime::Disk& disk, const Paths& paths);

// The way back, for a directory that was taken over whole: ours is dropped, and etcd's files are
// where they were. A crash before the last move finds a takeover to finish, behind it one to begin.
base::Status UndoTakeover(runtime::Disk& disk, const Paths& paths);

}  // namespace server
