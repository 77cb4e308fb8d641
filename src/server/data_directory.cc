#include "server/data_directory.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/coverage_mark.h"
#include "raft/codec.h"
#include "server/database_owner.h"
#include "server/directory_note.h"
#include "server/etcd_import.h"
#include "server/force_new_cluster.h"
#include "server/forgotten.h"
#include "server/founding.h"
#include "server/log_metadata.h"
#include "server/planted.h"
#include "server/refill.h"
#include "server/snapshot_install.h"
#include "server/survivor_log.h"
#include "server/takeover.h"
#include "state/members/member.h"
#include "state/members/membership.h"
#include "storage/schema/consistent_index.h"
#include "storage/schema/storage_version.h"

namespace server {
namespace {

using runtime::JoinPath;

base::Status Unsupported(std::string_view what) {
  return {base::Code::kFailedPrecondition, std::string(what) + " is not supported by this version"};
}

// How a member begins.
base::Result<Founding> Found(const Options& options, const Environment& environment) {
  if (options.joining.has_value()) {
    return Founding{{}, options.joining->self, options.joining->cluster};
  }
  if (options.join_existing_cluster) {
    return Unsupported("joining a cluster (--initial-cluster-state existing)");
  }
  if (options.initial_cluster.size() > 1 && environment.transport == nullptr) {
    return Unsupported("a cluster of several members (--initial-cluster)");
  }
  return FoundCluster(options);
}

base::Status FoundLog(const Options& options, const Environment& environment,
                      const Founding& founding, Recovered* recovered) {
  recovered->id = founding.self;
  recovered->cluster = founding.cluster;
  recovered->entries = FoundingEntries(founding);  // none to join: the others have the log
  if (!recovered->entries.empty()) {
    recovered->hard_state = {.term = base::Term(1), .commit = recovered->entries.back().index};
  }
  ASSIGN_OR_RETURN(
      recovered->log,
      wal::Log::Create(*environment.disk, Paths(options).wal,
                       EncodeMetadata({founding.self, founding.cluster}),
                       {.segment_bytes = options.wal_segment_bytes},
                       {.entries = recovered->entries, .hard_state = recovered->hard_state}));
  return {};
}

// A crash may have come between the mark of a received snapshot and the move of its database; to
// that of `mark`, the newest one that is believed.
base::Status TakeReceived(const Options& options, const Environment& environment,
                          base::Index mark) {
  const std::string received = ReceivedDatabasePath(options, mark);
  ASSIGN_OR_RETURN(const bool exists, environment.disk->Exists(received));
  if (!exists) return {};
  base::Mark<"server: a start takes over the database of a received snapshot">();
  environment.logger->Info("taking over the database of a snapshot that was received",
                           {{"path", received}, {"snapshot-index", mark.value()}});
  return environment.move_backend(received, Paths(options).database);
}

// Those that the log has passed by. One that is ahead of `mark` may have a mark that is believed
// only when the log says that its entry is committed: then the log begins there.
base::Status RemoveReceived(const Options& options, const Environment& environment,
                            base::Index mark) {
  const std::string directory = Paths(options).snap;
  ASSIGN_OR_RETURN(const std::vector<std::string> names, environment.disk->List(directory));
  const std::string newest =
      ReceivedDatabasePath(options, mark).substr(directory.size() + 1) + "-lock";
  for (const std::string& name : names) {
    if (name.find(kReceivedSuffix) == name.npos || name > newest) continue;
    RETURN_IF_ERROR(environment.disk->Remove(JoinPath(directory, name)));
  }
  return {};
}

base::Status SettleReceived(const Options& options, const Environment& environment) {
  const auto newest = wal::FindNewestMark(*environment.disk, Paths(options).wal);
  if (!newest.ok()) return {};  // whoever opens the log says so
  RETURN_IF_ERROR(TakeReceived(options, environment, newest->index));
  return RemoveReceived(options, environment, newest->index);
}

bool IsAlone(const raft::ConfState& conf_state) {
  return conf_state.voters.size() <= 1 && conf_state.learners.empty();
}

// How far the database covers the log.
base::Result<schema::ConsistentIndex> OpenDatabase(const Options& options,
                                                   const Environment& environment,
                                                   Recovered* recovered) {
  const Paths paths(options);
  ASSIGN_OR_RETURN(recovered->database,
                   environment.open_backend(paths.database, environment.on_damage));
  const base::Status version =
      schema::EnsureStorageVersion(kStorageVersion, recovered->database.get());
  if (!version.ok()) {
    return base::Status(version.code(), paths.database + ": " + std::string(version.message()));
  }
  ASSIGN_OR_RETURN(const auto reader, recovered->database->NewReader());
  ASSIGN_OR_RETURN(const schema::ConsistentIndex covered, schema::ReadConsistentIndex(*reader));
  recovered->applied = {covered.term, covered.index};
  ASSIGN_OR_RETURN(std::optional<raft::ConfState> conf_state, members::ReadConfState(*reader));
  if (conf_state.has_value()) {
    recovered->conf_state = std::move(*conf_state);
  } else if (covered.index > base::Index()) {
    return base::Status(base::Code::kDataLoss,
                        paths.database + ": no configuration of the cluster");
  }
  return covered;
}

base::Status DataLoss(std::string_view what) {
  return {base::Code::kDataLoss,
          std::string(what) + "; remove the member and add it again, or restore a snapshot"};
}

// A log that may lack what was acknowledged. Only a member alone may go on from it, if whoever
// starts it says that this may be lost; others may have been told of a term and a vote that were in
// it.
class LackingLog {
 public:
  // `newest` is the mark from which it should be read, `covered` the end of the database.
  LackingLog(const Environment& environment, const Paths& paths, wal::Log::Options options,
             const base::Result<wal::SnapshotMark>& newest, const wal::SnapshotMark& covered)
      : environment_(environment),
        paths_(paths),
        options_(options),
        newest_(newest),
        covered_(covered) {
    options_.may_lack_writes = true;
  }

  // Without what is missing. `begin` is told where its entries begin.
  base::Result<wal::Log::Opened> Open(const base::Status& damage, raft::EntryId* begin) const {
    auto opened = OpenAsFarAsItGoes(begin);
    if (!opened.ok()) return opened;
    environment_.logger->Error("the log lacks writes, which are lost; it is gone on from without",
                               {{"path", paths_.wal},
                                {"consistent-index", covered_.index.value()},
                                {"error", damage.message()}});
    return opened;
  }

  // Whether Open would do it. Changes nothing.
  base::Result<bool> MayBeOpened() const {
    runtime::Disk& disk = *environment_.disk;
    if (newest_.ok()) {
      const auto read = wal::Read(disk, paths_.wal, *newest_, options_.is_sole_voter);
      if (read.ok() && read->tail.last_index >= covered_.index) return true;
      if (!read.ok() && !IsDamageOrLoss(read.status())) return read.status();
    }
    ASSIGN_OR_RETURN(const wal::Remains remains, wal::ReadRemains(disk, paths_.wal));
    return wal::EndsBelow(remains, covered_.index);
  }

 private:
  base::Result<wal::Log::Opened> OpenAsFarAsItGoes(raft::EntryId* begin) const {
    runtime::Disk& disk = *environment_.disk;
    if (newest_.ok()) {
      auto opened = wal::Log::Open(disk, paths_.wal, *newest_, options_);
      *begin = {newest_->term, newest_->index};
      if (opened.ok() || !IsDamageOrLoss(opened.status())) return opened;
    }
    *begin = {covered_.term, covered_.index};
    return wal::Log::OpenBelow(disk, paths_.wal, covered_, options_);
  }

  const Environment& environment_;
  const Paths& paths_;
  wal::Log::Options options_;
  const base::Result<wal::SnapshotMark>& newest_;
  const wal::SnapshotMark& covered_;
};

// By whatever can be read of the log; a learner is not its cluster's only voter.
base::Result<bool> VotesAlone(runtime::Disk& disk, const Paths& paths,
                              const raft::ConfState& conf_state) {
  if (conf_state.voters.size() != 1) return false;
  ASSIGN_OR_RETURN(const wal::Remains remains, wal::ReadRemains(disk, paths.wal));
  const auto metadata = ParseMetadata(remains.metadata);
  return metadata.ok() && metadata->member == conf_state.voters.front();
}

// Of a log that lacks what the database does not have either.
base::Result<wal::Log::Opened> OpenLackingLog(const Options& options, const LackingLog& log,
                                              const base::Status& damage,
                                              const schema::ConsistentIndex& covered,
                                              bool votes_alone, Recovered* recovered) {
  const std::string what = std::string(damage.message()) +
                           "; the database covers the log up to entry " + ToString(covered.index) +
                           " only";
  if (!votes_alone) return DataLoss(what);
  // Learners may have what is missing; a new cluster removes them.
  const bool may_lose = options.unsafe_no_fsync && IsAlone(recovered->conf_state);
  if (options.force_new_cluster || may_lose) {
    auto opened = log.Open(damage, &recovered->base);
    if (opened.ok() || !IsDamageOrLoss(opened.status())) return opened;
    return DataLoss(what);
  }
  ASSIGN_OR_RETURN(const bool may_be_opened, log.MayBeOpened());
  if (!may_be_opened) return DataLoss(what);
  return base::Status(base::Code::kDataLoss,
                      what +
                          ". Writes that were acknowledged may be missing: restore a backup; or "
                          "start it with --force-new-cluster once, and it goes on without them");
}

// Why the database cannot be gone on from, beside a log; OK if it can. One that is older than the
// log's beginning lacks what is there, though it is whole.
base::Status DatabaseLoss(const Options& options, const Environment& environment,
                          const base::Result<schema::ConsistentIndex>& opened) {
  if (!opened.ok()) return opened.status();
  const Paths paths(options);
  const auto newest = wal::FindNewestMark(*environment.disk, paths.wal);
  if (!newest.ok() || newest->index <= opened->index || opened->index == base::Index()) return {};
  return DataLoss(DatabaseBehindLog(paths.database, opened->index, newest->index));
}

// What is damaged at or below the entry that the database covers is made good from the database:
// the log begins anew there. What lies above may have been acknowledged, and is not given up.
base::Result<wal::Log::Opened> OpenLog(const Options& options, const Environment& environment,
                                       const schema::ConsistentIndex& covered,
                                       Recovered* recovered) {
  const Paths paths(options);
  runtime::Disk& disk = *environment.disk;
  const wal::Log::Options log_options{.segment_bytes = options.wal_segment_bytes,
                                      .covered = covered.index,
                                      .is_sole_voter = recovered->conf_state.voters.size() == 1};
  const auto newest = wal::FindNewestMark(disk, paths.wal);
  base::Status damage = newest.status();
  if (newest.ok()) {
    if (newest->index > covered.index) {
      return DataLoss(DatabaseBehindLog(paths.database, covered.index, newest->index));
    }
    recovered->base = {newest->term, newest->index};
    auto opened = wal::Log::Open(disk, paths.wal, *newest, log_options);
    if (opened.ok()) {
      RETURN_IF_ERROR(
          CheckOwner(paths.database, *newest, opened->contents.entries, recovered->conf_state));
      LogCutOff(*environment.logger, *opened);
      return opened;
    }
    damage = opened.status();
  }
  if (!IsDamageOrLoss(damage)) return damage;
  wal::SnapshotMark mark{covered.index, covered.term, {}};
  raft::Encode(recovered->conf_state, &mark.conf_state);
  recovered->base = {mark.term, mark.index};
  auto opened = wal::Log::OpenPastDamage(disk, paths.wal, mark, log_options);
  if (!opened.ok() && !IsDamageOrLoss(opened.status())) return opened.status();
  if (!opened.ok()) {
    ASSIGN_OR_RETURN(const bool votes_alone, VotesAlone(disk, paths, recovered->conf_state));
    const LackingLog lacking(environment, paths, log_options, newest, mark);
    return OpenLackingLog(options, lacking, damage, covered, votes_alone, recovered);
  }
  base::Mark<"server: a damaged log is repaired from the database">();
  environment.logger->Warn("repaired the damaged log from the database",
                           {{"path", paths.wal},
                            {"consistent-index", covered.index.value()},
                            {"error", damage.message()}});
  return opened;
}

base::Status RecoverLog(const Options& options, const Environment& environment,
                        const schema::ConsistentIndex& covered, Recovered* recovered) {
  ASSIGN_OR_RETURN(wal::Log::Opened opened, OpenLog(options, environment, covered, recovered));
  recovered->log = std::move(opened.log);
  ASSIGN_OR_RETURN(const LogMetadata metadata, ParseMetadata(opened.contents.metadata));
  recovered->id = metadata.member;
  recovered->cluster = metadata.cluster;
  recovered->hard_state = opened.contents.hard_state;
  recovered->entries = std::move(opened.contents.entries);
  return {};
}

// The log says of the last entry that the database covers what the database says.
base::Status Match(const Options& options, const schema::ConsistentIndex& covered,
                   Recovered* recovered) {
  const uint64_t position = covered.index - recovered->base.index;
  if (position > recovered->entries.size()) {
    return DataLoss(Paths(options).wal + ": does not have entry " + ToString(covered.index) +
                    ", which the database has");
  }
  const base::Term term =
      position == 0 ? recovered->base.term : recovered->entries[position - 1].term;
  if (term != covered.term && covered.term != base::Term()) {
    return DataLoss(Paths(options).wal + ": entry " + ToString(covered.index) + " is of term " +
                    ToString(term) + ", in the database of term " + ToString(covered.term));
  }
  // The commit index is not always synced by itself.
  recovered->hard_state.commit = std::max(recovered->hard_state.commit, covered.index);
  return {};
}

// Whoever restored a snapshot here wants its keys, and not a new cluster without any. The restore
// may have been cut off with all of it in its place, too.
base::Status CheckNotRestoring(const runtime::Disk& disk, const Options& options) {
  const Paths paths(options);
  ASSIGN_OR_RETURN(const bool is_restoring, disk.Exists(paths.restoring));
  ASSIGN_OR_RETURN(const bool has_database, disk.Exists(paths.database));
  if (!is_restoring || has_database) return {};
  return {base::Code::kFailedPrecondition,
          options.data_dir +
              ": a restore, or etcdutl recover, was cut off here; remove it, and begin it again"};
}

// As OpenDataDirectory, where no other etcd's files are to be imported.
base::Result<Recovered> Recover(const Options& options, const Environment& environment) {
  ASSIGN_OR_RETURN(const bool has_log, wal::HasLog(*environment.disk, Paths(options).wal));
  Founding founding;
  if (!has_log) {
    ASSIGN_OR_RETURN(founding, Found(options, environment));
  }
  if (has_log) RETURN_IF_ERROR(SettleReceived(options, environment));
  Recovered recovered;
  const auto opened = OpenDatabase(options, environment, &recovered);
  bool is_refilled = false;
  if (has_log) {
    const base::Status loss = DatabaseLoss(options, environment, opened);
    const bool is_empty = opened.ok() && opened->index == base::Index();
    if (is_empty || loss.code() == base::Code::kDataLoss) {
      ASSIGN_OR_RETURN(is_refilled, OpenToRefill(options, environment, loss, &recovered));
    }
  }
  if (is_refilled) {
    RETURN_IF_ERROR(LeaveNote(options, environment));
    return recovered;
  }
  RETURN_IF_ERROR(opened.status());
  const schema::ConsistentIndex covered = *opened;
  if (has_log) {
    RETURN_IF_ERROR(RecoverLog(options, environment, covered, &recovered));
  } else if (covered.index > base::Index()) {
    return DataLoss(Paths(options).wal + ": there is no log, but the database has entry " +
                    ToString(covered.index));
  } else {
    RETURN_IF_ERROR(FoundLog(options, environment, founding, &recovered));
  }
  RETURN_IF_ERROR(Match(options, covered, &recovered));
  if (has_log && options.force_new_cluster) {
    RETURN_IF_ERROR(ForceNewCluster(options, environment, &recovered));
    RETURN_IF_ERROR(RemoveForgotten(*environment.disk, options));
  }
  RETURN_IF_ERROR(LeaveNote(options, environment));
  return recovered;
}

// Of files that were opened. What others have forgotten, in whose place the member is, says nothing
// of it.
base::Status TakeForgotten(const Options& options, const Environment& environment,
                           const Recovered& recovered) {
  runtime::Disk& disk = *environment.disk;
  ASSIGN_OR_RETURN(const std::string loss,
                   ForgottenBy(disk, options, {recovered.id, recovered.cluster}));
  if (loss.empty()) return RemoveForgotten(disk, options);
  return DataLoss(loss);
}

// Of files that were opened.
base::Status TakeReplacement(const Options& options, const Environment& environment,
                             Recovered* recovered) {
  if (!options.replace) return {};
  ASSIGN_OR_RETURN(std::optional<Replacement> note, ReadReplacement(*environment.disk, options));
  if (!note.has_value()) return {};
  if (recovered->id == note->successor) {
    recovered->replacement = std::move(note);
    return {};
  }
  if (base::Planted(PlantedBug::kReplacedKeepsItsId)) return {};
  if (recovered->id == note->member) {
    return {base::Code::kDataLoss, "member " + members::HexText(recovered->id.value()) +
                                       " was damaged, and is being replaced by " +
                                       members::HexText(note->successor.value())};
  }
  return RemoveReplacement(*environment.disk, options);
}

}  // namespace

Paths::Paths(const Options& options)
    : member(JoinPath(options.data_dir, "member")),
      wal(options.wal_dir.empty() ? JoinPath(member, "wal") : options.wal_dir),
      snap(JoinPath(member, "snap")),
      database(JoinPath(snap, "db.mdb")),
      restoring(JoinPath(options.data_dir, "restoring")) {}

void LogCutOff(const observe::Logger& logger, const wal::Log::Opened& opened) {
  if (!opened.cut_off.has_value()) return;
  logger.Warn("cut off the unfinished last write of the log",
              {{"path", opened.cut_off->path},
               {"offset", opened.cut_off->offset},
               {"last-index", opened.cut_off->last_index.value()},
               {"copy", opened.cut_off->copy}});
}

base::Result<bool> IsFounded(const runtime::Disk& disk, const Options& options) {
  const Paths paths(options);
  ASSIGN_OR_RETURN(const bool has_log, wal::HasLog(disk, paths.wal));
  if (has_log) return true;
  return disk.Exists(TakeoverPaths(paths).log);
}

base::Result<Recovered> OpenDataDirectory(const Options& options, const Environment& environment) {
  const Paths paths(options);
  runtime::Disk& disk = *environment.disk;
  RETURN_IF_ERROR(CheckNotRestoring(disk, options));
  RETURN_IF_ERROR(disk.CreateDirectories(paths.snap));
  RETURN_IF_ERROR(disk.SyncDirectory(paths.member));
  ASSIGN_OR_RETURN(const Takeover takeover, FindTakeover(disk, paths));
  if (takeover == Takeover::kFinish) RETURN_IF_ERROR(FinishTakeover(disk, paths));
  if (takeover != Takeover::kImport) {
    ASSIGN_OR_RETURN(Recovered recovered, Recover(options, environment));
    RETURN_IF_ERROR(TakeForgotten(options, environment, recovered));
    RETURN_IF_ERROR(TakeReplacement(options, environment, &recovered));
    return recovered;
  }
  ASSIGN_OR_RETURN(auto etcd_database, ImportEtcd(options, environment));
  Options imported = options;
  imported.wal_dir = TakeoverPaths(paths).log;
  imported.force_new_cluster = false;  // the import has done it
  ASSIGN_OR_RETURN(Recovered recovered, Recover(imported, environment));
  if (IsAlone(recovered.conf_state)) {
    recovered.etcd_database = std::move(etcd_database);
    return recovered;
  }
  // The others will ask it for its vote at once, and it them.
  RETURN_IF_ERROR(MoveEtcdFiles(environment, paths, recovered.log.get()));
  return recovered;
}

bool IsDamageOrLoss(const base::Status& status) {
  return status.code() == base::Code::kDataLoss || status.code() == base::Code::kNotFound;
}

}  // namespace server
