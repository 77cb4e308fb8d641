#include "server/etcd_import.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "raft/codec.h"
#include "raft/membership.h"
#include "server/directory_note.h"
#include "server/etcd_entry.h"
#include "server/etcd_log.h"
#include "server/force_new_cluster.h"
#include "server/replay.h"
#include "server/snapshot_install.h"
#include "server/takeover.h"
#include "state/members/conf_state.h"
#include "state/members/extensions.h"
#include "state/v2/etcd_tree.h"
#include "state/v2/store.h"
#include "storage/image/database_import.h"
#include "storage/schema/consistent_index.h"
#include "storage/schema/schema.h"
#include "storage/snap/bbolt_reader.h"
#include "storage/snap/snapshot_file.h"
#include "storage/wal/log.h"

// Why etcd's log is applied here and not gone on with: what is appended to it etcd would read, and
// an old one could not. So all of it goes into the database, which is where a log that is refused
// is refused, and a log of ours begins behind it.
//
// Why etcd 3.4 is another matter: it does not know of the configuration and the term in a database,
// and leaves there what another version wrote before the restore; and of the members its database
// has whatever was written last, while the index in it is that of the last change of a key. So the
// members begin as the log's snapshot has them, and are changed by all that the log has behind it,
// of which the keys have a part already. A name that was set twice does no harm.
//
// So it is with a directory that etcdutl 3.6 or 3.7 has restored: in its database the configuration
// is that of the cluster which the snapshot was taken of. etcd does not look at it.

namespace server {
namespace {

using schema::Bucket;
using schema::Id;

base::Status At(const std::string& path, const base::Status& status) {
  if (status.ok() || status.message().starts_with(path)) return status;
  return {status.code(), path + ": " + std::string(status.message())};
}

// Who goes on from it.
enum class Heir : uint8_t { kMember, kNewCluster };

class EtcdImport {
 public:
  EtcdImport(const Options& options, const Environment& environment, EtcdLog log, Heir heir,
             std::string database_path)
      : options_(options),
        environment_(environment),
        paths_(options),
        etcds_(paths_),
        log_(std::move(log)),
        heir_(heir),
        database_path_(std::move(database_path)),
        v2_keys_(TakesV2Keys() ? V2Keys::kTaken : V2Keys::kRefused) {}

  // Takes the directory over.
  base::Status Run(const runtime::File& etcd_database) {
    RETURN_IF_ERROR(CheckV2Keys());
    RETURN_IF_ERROR(BeginTakeover(*environment_.disk, paths_));
    RETURN_IF_ERROR(BuildDatabase(etcd_database));
    RETURN_IF_ERROR(WriteLog());
    return RecordImported(*environment_.disk, paths_, log_);
  }

  base::Status BuildDatabase(const runtime::File& etcd_database) {
    RETURN_IF_ERROR(CopyDatabase(etcd_database));
    RETURN_IF_ERROR(CheckCovered());
    if (!has_members_) RETURN_IF_ERROR(WriteMembership());
    auto state =
        OpenStateAt(options_, environment_, std::move(database_), etcds_.database, start_.index);
    if (!state.ok()) return At(etcds_.database, state.status());
    return ApplyLog(*std::move(state));
  }
  AllOfEtcd built() const { return {last_, revision_}; }

 private:
  // Why only then: a member of etcd ends itself at the first change of our tree, and whether others
  // are of etcd cannot be known from the files of one.
  bool TakesV2Keys() const {
    return log_.HasV2Keys() &&
           (log_.IsOfSoleVoter() || options_.force_new_cluster || heir_ == Heir::kNewCluster);
  }
  // Entries with such keys are refused where they are translated.
  base::Status CheckV2Keys() const {
    const bool has_refused = v2_keys_ == V2Keys::kRefused && log_.snapshot.has_value() &&
                             log_.snapshot->membership.has_other_content;
    if (!has_refused) return {};
    return {base::Code::kFailedPrecondition,
            runtime::JoinPath(paths_.snap,
                              snap::SnapshotName{log_.base.term, log_.base.index}.ToString()) +
                ": keys of etcd's API v2 are not supported by this version in a cluster of "
                "several members"};
  }

  base::Status CopyDatabase(const runtime::File& file) {
    ASSIGN_OR_RETURN(const uint64_t file_bytes, file.Size());
    environment_.logger->Info("importing the database of etcd",
                              {{"path", etcds_.database},
                               {"db-size-bytes", file_bytes},
                               {"log-entries", log_.entries.size()}});
    ASSIGN_OR_RETURN(const auto source,
                     snap::BboltReader::Open(&file, etcds_.database, file_bytes));
    source->ReportTo(environment_.on_import);
    ASSIGN_OR_RETURN(database_, environment_.open_backend(database_path_, environment_.on_damage));
    return At(etcds_.database, image::ImportDatabase(*source, *database_));
  }

  // The rules of OpenDataDirectory, for etcd's files.
  base::Status CheckCovered() {
    ASSIGN_OR_RETURN(const auto reader, database_->NewReader());
    ASSIGN_OR_RETURN(const schema::ConsistentIndex covered, schema::ReadConsistentIndex(*reader));
    ASSIGN_OR_RETURN(auto conf_state, members::ReadConfState(*reader));
    // The tree of the API v2 is as of the log's snapshot.
    has_members_ = conf_state.has_value() && !log_.base_is_of_3_4 && v2_keys_ == V2Keys::kRefused;
    covered_ = covered.index;
    if (covered_ < log_.base.index) {
      return {base::Code::kDataLoss, etcds_.database + ": ends at entry " + ToString(covered_) +
                                         ", before the log begins (" + ToString(log_.base.index) +
                                         ")"};
    }
    if (covered_ > log_.last().index) {
      return {base::Code::kDataLoss, paths_.wal + ": does not have entry " + ToString(covered_) +
                                         ", which the database has"};
    }
    const base::Term term = log_.TermOf(covered_);
    if (has_members_ && covered.term != base::Term() && covered.term != term) {
      return {base::Code::kDataLoss, paths_.wal + ": entry " + ToString(covered_) + " is of term " +
                                         ToString(term) + ", in the database of term " +
                                         ToString(covered.term)};
    }
    if (has_members_) {
      ASSIGN_OR_RETURN(has_members_, IsOfThisLog(*conf_state));
    }
    start_ = has_members_ ? raft::EntryId{term, covered_} : log_.base;
    return {};
  }

  // Whether it is the configuration as of entry `covered_`, as far as the log can tell.
  base::Result<bool> IsOfThisLog(const raft::ConfState& conf_state) const {
    if (!log_.snapshot.has_value()) return true;
    ASSIGN_OR_RETURN(const auto told, raft::Membership::FromConfState(conf_state));
    const auto membership = log_.MembershipAt(covered_);
    return membership.has_value() && membership->ToConfState() == told.ToConfState();
  }

  // As the log's snapshot has it: the database is as of that entry then, but for its keys.
  base::Status WriteMembership() {
    backend::Batch batch;
    {
      ASSIGN_OR_RETURN(const auto reader, database_->NewReader());
      for (const Bucket bucket : {Bucket::kMembers, Bucket::kMembersRemoved}) {
        const auto cursor = reader->NewCursor(Id(bucket));
        RETURN_IF_ERROR(cursor->Seek({}));
        for (; cursor->valid();) {
          batch.Delete(Id(bucket), cursor->key());
          RETURN_IF_ERROR(cursor->Next());
        }
      }
    }
    EtcdLog::Snapshot snapshot;
    if (log_.snapshot.has_value()) {
      snapshot = *log_.snapshot;
    } else if (log_.base.index > base::Index()) {
      return {base::Code::kDataLoss, paths_.snap + ": there is no snapshot of entry " +
                                         ToString(log_.base.index) +
                                         ", from which the log and the members are to be read"};
    }
    for (const members::Member& member : snapshot.membership.members) {
      batch.Put(Id(Bucket::kMembers), members::HexText(member.id.value()), members::ToJson(member));
    }
    for (const base::MemberId id : snapshot.membership.removed) {
      batch.Put(Id(Bucket::kMembersRemoved), members::HexText(id.value()), "removed");
    }
    if (log_.snapshot.has_value()) {
      batch.Put(Id(Bucket::kMeta), schema::kConfState, members::ToJson(snapshot.conf_state));
    } else {
      batch.Delete(Id(Bucket::kMeta), schema::kConfState);
    }
    if (v2_keys_ == V2Keys::kTaken) RETURN_IF_ERROR(PutV2Tree(&batch));
    schema::PutConsistentIndex({start_.index, start_.term}, &batch);
    return database_->Commit(batch);
  }

  // As the log's snapshot has it.
  base::Status PutV2Tree(backend::Batch* batch) const {
    batch->Put(Id(Bucket::kCluster), schema::kExtensions,
               members::ToText({std::string(v2::kExtension)}));
    if (log_.snapshot.has_value() && !log_.snapshot->store.empty()) {
      return v2::PutEtcdTree(log_.snapshot->store, batch);
    }
    v2::PutEmptyTree(batch);
    return {};
  }

  base::Status ApplyLog(std::shared_ptr<apply::State> state) {
    Replay replay(options_, environment_, std::move(state), start_);
    const uint64_t end = LastToApply() - log_.base.index;
    for (uint64_t i = start_.index - log_.base.index; i < end; ++i) {
      ASSIGN_OR_RETURN(raft::Entry entry, TranslateEtcdEntry(log_.entries[i], v2_keys_));
      if (entry.index <= covered_ && TouchesKeys(log_.entries[i], entry)) entry.data = {};
      RETURN_IF_ERROR(At(paths_.wal, replay.Apply({&entry, 1})));
    }
    if (options_.force_new_cluster) RETURN_IF_ERROR(LeaveAlone(&replay));
    RETURN_IF_ERROR(replay.Commit());
    last_ = replay.applied();
    revision_ = replay.state().store().revision();
    conf_state_ = replay.state().configuration().ToConfState();
    environment_.logger->Info("imported the database of etcd",
                              {{"path", etcds_.database},
                               {"current-revision", revision_.value()},
                               {"consistent-index", last_.index.value()}});
    return {};
  }

  // What is durable in the log of a member that votes alone is committed, all of it. Where others
  // vote too, what is not known to be may become so yet; where they are lost, it may have been.
  base::Index LastToApply() const {
    if (heir_ == Heir::kNewCluster) return log_.last().index;
    if (log_.IsOfSoleVoter() && !options_.force_new_cluster) return log_.last().index;
    return std::min(std::max(log_.hard_state.commit, covered_), log_.last().index);
  }

  // Behind what was applied. A member that is to be the only one drops it, as etcd does.
  base::Result<std::vector<raft::Entry>> NotApplied() const {
    std::vector<raft::Entry> rest;
    if (options_.force_new_cluster) return rest;
    for (const raft::Entry& entry : log_.entries) {
      if (entry.index <= last_.index) continue;
      ASSIGN_OR_RETURN(raft::Entry translated, TranslateEtcdEntry(entry, v2_keys_));
      rest.push_back(std::move(translated));
    }
    return rest;
  }

  base::Status LeaveAlone(Replay* replay) const {
    ASSIGN_OR_RETURN(const std::vector<raft::Entry> changes,
                     EntriesToBeAlone(*replay, log_.self, log_.hard_state.term, options_));
    RETURN_IF_ERROR(replay->Apply(changes));
    return server::CheckIsAlone(*replay, log_.self);
  }

  // Whether an entry that the keys have already asks for anything but members and the version.
  static bool TouchesKeys(const raft::Entry& entry, const raft::Entry& translated) {
    return entry.type == raft::EntryType::kNormal && entry.data.view() == translated.data.view();
  }

  base::Status WriteLog() {
    ASSIGN_OR_RETURN(const auto log,
                     wal::Log::Create(*environment_.disk, etcds_.log, log_.metadata,
                                      {.segment_bytes = options_.wal_segment_bytes}));
    wal::SnapshotMark mark{last_.index, last_.term, {}};
    raft::Encode(conf_state_, &mark.conf_state);
    raft::HardState state = log_.hard_state;
    if (state.term < mark.term) state = {.term = mark.term, .vote = {}, .commit = {}};
    state.commit = mark.index;
    ASSIGN_OR_RETURN(const std::vector<raft::Entry> rest, NotApplied());
    return log->Append({.mark = &mark, .entries = rest, .hard_state = state});
  }

  const Options& options_;
  const Environment& environment_;
  const Paths paths_;
  const TakeoverPaths etcds_;
  const EtcdLog log_;
  const Heir heir_;
  const std::string database_path_;  // ours
  const V2Keys v2_keys_;

  std::unique_ptr<backend::Backend> database_;  // ours, until the state has it
  base::Index covered_;                         // the last entry whose changes of keys it has
  bool has_members_ = false;                    // as of that entry
  raft::EntryId start_;                         // the last entry whose other changes it has
  raft::EntryId last_;                          // the last entry applied, where our log begins
  base::Revision revision_;                     // there
  raft::ConfState conf_state_;
};

// Where etcd's files are that were imported.
Paths OldPaths(const Paths& paths) {
  const TakeoverPaths takeover(paths);
  Paths old = paths;
  old.snap = takeover.old_snap;
  old.wal = takeover.old_log;
  return old;
}

// That our log at `paths` has no term, vote or entry that etcd's does not have.
base::Status CheckNothingIsPromised(runtime::Disk& disk, const Paths& paths) {
  ASSIGN_OR_RETURN(const EtcdLog etcds, ReadEtcdLog(disk, OldPaths(paths)));
  ASSIGN_OR_RETURN(const wal::SnapshotMark mark, wal::FindNewestMark(disk, paths.wal));
  ASSIGN_OR_RETURN(const wal::ReadLog ours, wal::Read(disk, paths.wal, mark));
  const auto& entries = ours.contents.entries;
  const raft::EntryId last = entries.empty()
                                 ? raft::EntryId{mark.term, mark.index}
                                 : raft::EntryId{entries.back().term, entries.back().index};
  const raft::HardState& state = ours.contents.hard_state;
  if (last == etcds.last() && state.term == etcds.hard_state.term &&
      state.vote == etcds.hard_state.vote) {
    return {};
  }
  return {base::Code::kFailedPrecondition,
          paths.member + ": the member has gone on since it was imported, to entry " +
              ToString(last.index) + " and term " + ToString(state.term) +
              "; etcd's files end at entry " + ToString(etcds.last().index) + " and term " +
              ToString(etcds.hard_state.term) + ", and would break promises; export it"};
}

base::Status WithAdvice(const base::Status& status) {
  if (status.code() != base::Code::kDataLoss) return status;
  return {status.code(), std::string(status.message()) +
                             "; etcd's files are as they were: remove the member from the cluster "
                             "and add it again, or restore a snapshot"};
}

}  // namespace

base::Status UndoImport(runtime::Disk& disk, const Paths& paths) {
  ASSIGN_OR_RETURN(const Takeover takeover, FindTakeover(disk, paths));
  ASSIGN_OR_RETURN(const bool was_begun, disk.Exists(TakeoverPaths(paths).old_snap));
  if (!was_begun) {
    return {base::Code::kFailedPrecondition, paths.member + ": was not imported"};
  }
  if (takeover == Takeover::kFinish) RETURN_IF_ERROR(FinishTakeover(disk, paths));
  if (takeover != Takeover::kImport) RETURN_IF_ERROR(CheckNothingIsPromised(disk, paths));
  RETURN_IF_ERROR(RemoveNote(disk, paths));
  return takeover == Takeover::kImport ? AbandonTakeover(disk, paths) : UndoTakeover(disk, paths);
}

base::Result<AllOfEtcd> ImportAllOfEtcd(const Options& options, const Environment& environment,
                                        const runtime::File& etcd_database,
                                        const std::string& path) {
  ASSIGN_OR_RETURN(EtcdLog log, ReadEtcdLog(*environment.disk, Paths(options)));
  EtcdImport import(options, environment, std::move(log), Heir::kNewCluster, path);
  RETURN_IF_ERROR(import.BuildDatabase(etcd_database));
  return import.built();
}

base::Result<std::unique_ptr<runtime::File>> ImportEtcd(const Options& options,
                                                        const Environment& environment) {
  const Paths paths(options);
  runtime::Disk& disk = *environment.disk;
  const std::string path = TakeoverPaths(paths).database;
  ASSIGN_OR_RETURN(auto file, disk.Open(path, runtime::OpenMode::kWrite));
  RETURN_IF_ERROR(file->Lock());
  auto log = ReadEtcdLog(disk, paths);
  if (!log.ok()) return WithAdvice(log.status());
  const base::Status imported =
      EtcdImport(options, environment, *std::move(log), Heir::kMember, paths.database).Run(*file);
  if (imported.ok()) return file;
  RETURN_IF_ERROR(AbandonTakeover(disk, paths));
  return WithAdvice(imported);
}

}  // namespace server
