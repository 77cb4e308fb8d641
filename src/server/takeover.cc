#include "server/takeover.h"

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

#include "runtime/unfinished.h"
#include "storage/backend/lmdb_backend.h"

// Why the database goes first: without it etcd finds nothing to go on from, unless its log reaches
// back to the first entry, and then that log alone has everything. The log of ours comes to its
// place as the last, so that its old name says what is left to do. Without a log, too, etcd would
// found another cluster: so a directory stands in the place of the database meanwhile, which it
// cannot open.

namespace server {
namespace {

using runtime::JoinPath;
using runtime::ParentPath;

constexpr std::string_view kOld = ".etcd";

std::string_view NameOf(std::string_view path) {
  return path.substr(path.rfind('/') + 1);
}

// Durable on return.
base::Status Move(runtime::Disk& disk, const std::string& from, const std::string& to) {
  RETURN_IF_ERROR(disk.Rename(from, to));
  RETURN_IF_ERROR(disk.SyncDirectory(ParentPath(to)));
  return ParentPath(from) == ParentPath(to) ? base::Status() : disk.SyncDirectory(ParentPath(from));
}

std::string LogInTheMaking(const std::string& log) {
  return log + ".tmp";
}

// What an import makes beside etcd's files; some of it may be missing.
base::Status RemoveImported(runtime::Disk& disk, const Paths& paths) {
  ASSIGN_OR_RETURN(const auto names, disk.List(paths.snap));
  for (const std::string& name : names) {
    if (!name.starts_with(NameOf(paths.database))) continue;
    RETURN_IF_ERROR(disk.Remove(JoinPath(paths.snap, name)));
  }
  RETURN_IF_ERROR(disk.SyncDirectory(paths.snap));
  const std::string log = TakeoverPaths(paths).log;
  RETURN_IF_ERROR(disk.RemoveAll(log));
  RETURN_IF_ERROR(disk.RemoveAll(LogInTheMaking(log)));
  return disk.SyncDirectory(ParentPath(log));
}

bool IsSnapshotOfEtcd(std::string_view name) {
  return name.ends_with(".snap") || name.ends_with(".snap.db") || name.ends_with(".snap.broken");
}

base::Status MoveSnapshots(runtime::Disk& disk, const std::string& from, const std::string& to) {
  ASSIGN_OR_RETURN(const auto names, disk.List(from));
  for (const std::string& name : names) {
    if (!IsSnapshotOfEtcd(name)) continue;
    RETURN_IF_ERROR(Move(disk, JoinPath(from, name), JoinPath(to, name)));
  }
  return {};
}

// False for what is not there.
bool IsDirectory(const runtime::Disk& disk, const std::string& path) {
  return disk.List(path).ok();
}

base::Status Block(runtime::Disk& disk, const TakeoverPaths& takeover) {
  RETURN_IF_ERROR(disk.CreateDirectories(takeover.database));
  return disk.SyncDirectory(ParentPath(takeover.database));
}

base::Status Unblock(runtime::Disk& disk, const TakeoverPaths& takeover) {
  if (!IsDirectory(disk, takeover.database)) return {};
  RETURN_IF_ERROR(disk.RemoveAll(takeover.database));
  return disk.SyncDirectory(ParentPath(takeover.database));
}

// Two logs of a member with the same text have promised the same.
std::string Record(const EtcdLog& log) {
  return "The log of etcd ended at entry " + ToString(log.last().index) + " of term " +
         ToString(log.last().term) + ", in term " + ToString(log.hard_state.term) +
         " with a vote for " + ToString(log.hard_state.vote) + ".\n";
}

base::Status Leftover(const std::string& path, std::string_view what) {
  return {base::Code::kFailedPrecondition, path + ": " + std::string(what)};
}

// While etcd's log and snapshots are in their places. An import of an earlier version left no
// record.
base::Status CheckNotGoneOn(runtime::Disk& disk, const Paths& paths) {
  const TakeoverPaths takeover(paths);
  ASSIGN_OR_RETURN(const bool has_record, disk.Exists(takeover.record));
  ASSIGN_OR_RETURN(const bool has_log, disk.Exists(paths.wal));
  if (!has_record || !has_log) return {};
  ASSIGN_OR_RETURN(const base::Bytes then, runtime::ReadFile(disk, takeover.record));
  ASSIGN_OR_RETURN(const EtcdLog now, ReadEtcdLog(disk, paths));
  if (Record(now) == then) return {};
  return Leftover(paths.member,
                  "etcd was started here in the midst of the import, and has gone on. "
                  "To import what it has now, see that its database is at " +
                      takeover.database + ", and remove " + takeover.old_snap + ", " +
                      takeover.log + " and " + paths.database);
}

base::Status FinishMove(runtime::Disk& disk, const Paths& paths) {
  const TakeoverPaths takeover(paths);
  if (!IsDirectory(disk, takeover.database)) {
    RETURN_IF_ERROR(CheckNotGoneOn(disk, paths));
    RETURN_IF_ERROR(Block(disk, takeover));
  }
  RETURN_IF_ERROR(MoveSnapshots(disk, paths.snap, takeover.old_snap));
  ASSIGN_OR_RETURN(const bool has_log, disk.Exists(paths.wal));
  ASSIGN_OR_RETURN(const bool is_moved, disk.Exists(takeover.old_log));
  if (has_log && is_moved) {
    return Leftover(paths.wal, "another log came here before that of the import, " + takeover.log);
  }
  if (has_log) RETURN_IF_ERROR(Move(disk, paths.wal, takeover.old_log));
  return Move(disk, takeover.log, paths.wal);
}

}  // namespace

TakeoverPaths::TakeoverPaths(const Paths& paths)
    : database(JoinPath(paths.snap, "db")),
      log(paths.wal + ".import"),
      old_snap(paths.snap + std::string(kOld)),
      record(JoinPath(old_snap, "imported")),
      old_database(JoinPath(old_snap, "db")),
      old_log(paths.wal + std::string(kOld)) {}

base::Result<Takeover> FindTakeover(runtime::Disk& disk, const Paths& paths) {
  const TakeoverPaths takeover(paths);
  ASSIGN_OR_RETURN(const bool is_taken, disk.Exists(takeover.database));
  const bool is_blocked = is_taken && IsDirectory(disk, takeover.database);
  const bool has_etcds = is_taken && !is_blocked;
  ASSIGN_OR_RETURN(const bool has_ours, disk.Exists(paths.database));
  ASSIGN_OR_RETURN(const bool is_marked, disk.Exists(takeover.old_snap));
  ASSIGN_OR_RETURN(const bool is_moved, disk.Exists(takeover.old_database));
  ASSIGN_OR_RETURN(const bool is_unfinished, disk.Exists(takeover.log));
  if (is_moved && (is_unfinished || is_blocked)) {
    if (!has_etcds) return Takeover::kFinish;
    RETURN_IF_ERROR(CheckNotGoneOn(disk, paths));
    return Leftover(takeover.database,
                    "another database came here before that in " + takeover.old_snap +
                        ", which was imported, was out of the way; move one of them away");
  }
  if (has_etcds && is_moved && !has_ours) {
    return Leftover(takeover.old_database, "the database of an import before is still here");
  }
  if (has_etcds && !is_moved && (!has_ours || is_marked)) return Takeover::kImport;
  ASSIGN_OR_RETURN(const bool was_finished, disk.Exists(takeover.old_log));
  if (is_marked && !is_moved && !was_finished) {
    return Leftover(takeover.database,
                    "gone while it was being imported; if it is not to be, remove " +
                        takeover.old_snap + ", " + takeover.log + " and " + paths.database);
  }
  return Takeover::kNone;
}

base::Status BeginTakeover(runtime::Disk& disk, const Paths& paths) {
  const TakeoverPaths takeover(paths);
  std::vector<std::string> names = backend::LmdbFiles(paths.database);
  for (const std::string& name : {takeover.log, LogInTheMaking(takeover.log), takeover.old_snap}) {
    names.push_back(name);
  }
  runtime::Making(std::move(names));
  RETURN_IF_ERROR(disk.CreateDirectories(takeover.old_snap));
  RETURN_IF_ERROR(disk.SyncDirectory(paths.member));
  return RemoveImported(disk, paths);
}

base::Status RecordImported(runtime::Disk& disk, const Paths& paths, const EtcdLog& log) {
  const TakeoverPaths takeover(paths);
  ASSIGN_OR_RETURN(const auto file,
                   disk.Open(takeover.record, runtime::OpenMode::kCreateOrTruncate));
  RETURN_IF_ERROR(file->WriteAt(0, Record(log)));
  RETURN_IF_ERROR(file->Sync());
  return disk.SyncDirectory(takeover.old_snap);
}

base::Status AbandonTakeover(runtime::Disk& disk, const Paths& paths) {
  RETURN_IF_ERROR(RemoveImported(disk, paths));
  RETURN_IF_ERROR(disk.RemoveAll(TakeoverPaths(paths).old_snap));
  runtime::Making({});
  return disk.SyncDirectory(paths.member);
}

base::Status MoveEtcdFiles(const Environment& environment, const Paths& paths, wal::Log* log) {
  runtime::Disk& disk = *environment.disk;
  const TakeoverPaths takeover(paths);
  RETURN_IF_ERROR(
      runtime::Making({}, [&] { return Move(disk, takeover.database, takeover.old_database); }));
  RETURN_IF_ERROR(Block(disk, takeover));
  RETURN_IF_ERROR(MoveSnapshots(disk, paths.snap, takeover.old_snap));
  RETURN_IF_ERROR(Move(disk, paths.wal, takeover.old_log));
  RETURN_IF_ERROR(log->MoveTo(paths.wal));
  RETURN_IF_ERROR(Unblock(disk, takeover));
  environment.logger->Info("moved the imported files of etcd out of the way",
                           {{"path", takeover.old_snap}});
  return {};
}

base::Status FinishTakeover(runtime::Disk& disk, const Paths& paths) {
  const TakeoverPaths takeover(paths);
  ASSIGN_OR_RETURN(const bool is_unfinished, disk.Exists(takeover.log));
  if (is_unfinished) RETURN_IF_ERROR(FinishMove(disk, paths));
  return Unblock(disk, takeover);
}

// The log of ours goes first, to where it says that something is to be finished.
base::Status UndoTakeover(runtime::Disk& disk, const Paths& paths) {
  const TakeoverPaths takeover(paths);
  RETURN_IF_ERROR(Block(disk, takeover));
  RETURN_IF_ERROR(Move(disk, paths.wal, takeover.log));
  RETURN_IF_ERROR(Move(disk, takeover.old_log, paths.wal));
  RETURN_IF_ERROR(MoveSnapshots(disk, takeover.old_snap, paths.snap));
  RETURN_IF_ERROR(Unblock(disk, takeover));
  RETURN_IF_ERROR(Move(disk, takeover.old_database, takeover.database));
  return AbandonTakeover(disk, paths);
}

}  // namespace server
