#include "server/snapshot_restore.h"

#include <limits>
#include <optional>
#include <utility>

#include "raft/codec.h"
#include "server/data_directory.h"
#include "server/founding.h"
#include "server/log_metadata.h"
#include "server/new_directory.h"
#include "state/members/conf_state.h"
#include "storage/image/database_import.h"
#include "storage/mvcc/revision.h"
#include "storage/schema/consistent_index.h"
#include "storage/schema/schema.h"
#include "storage/snap/bbolt_reader.h"
#include "storage/snap/snapshot_digest.h"
#include "storage/wal/log.h"

namespace server {
namespace {

using schema::Bucket;
using schema::Id;

base::Status Refused(std::string what) {
  return {base::Code::kFailedPrecondition, std::move(what)};
}

// What is imported, without the members, and with a look at the keys: the last revision is that of
// the last record.
class WithoutMembers final : public snap::Source {
 public:
  explicit WithoutMembers(snap::Source* source) : source_(*source) {}

  base::Status Rewind() override { return source_.Rewind(); }
  base::Result<std::optional<base::ByteView>> NextBucket() override {
    ASSIGN_OR_RETURN(const std::optional<base::ByteView> name, source_.NextBucket());
    const auto is = [&](Bucket bucket) { return name == schema::kBucketNames[Id(bucket)]; };
    is_key_ = is(Bucket::kKey);
    is_left_out_ = is(Bucket::kMembers) || is(Bucket::kMembersRemoved);
    return name;
  }
  base::Result<std::optional<snap::Record>> NextRecord() override {
    if (is_left_out_) return std::optional<snap::Record>();
    ASSIGN_OR_RETURN(const std::optional<snap::Record> record, source_.NextRecord());
    if (is_key_ && record.has_value()) last_key_ = record->key;
    return record;
  }

  // The last record's of bucket `key`; empty if there is none.
  const base::Bytes& last_key() const { return last_key_; }

 private:
  snap::Source& source_;
  bool is_key_ = false;
  bool is_left_out_ = false;
  base::Bytes last_key_;
};

class Restoration {
 public:
  Restoration(const Options& options, const RestoreEnvironment& environment,
              const SnapshotRestore& restore, Founding founding)
      : options_(options),
        environment_(environment),
        disk_(*environment.disk),
        restore_(restore),
        founding_(std::move(founding)) {
    for (const members::Member& member : founding_.members) {
      conf_state_.voters.push_back(member.id);
    }
    founded_ = {base::Term(1), base::Index(founding_.members.size())};
  }

  base::Status Run(NewDirectory* directory) const {
    ASSIGN_OR_RETURN(const auto file, OpenSnapshot());
    ASSIGN_OR_RETURN(const snap::SnapshotParts parts, snap::FindParts(*file));
    RETURN_IF_ERROR(CheckDigest(*file, parts));
    return directory->Make([&](const Paths& paths) {
      RETURN_IF_ERROR(BuildDatabase(*file, parts, paths));
      TellMembers();
      return BuildLog(paths);
    });
  }

 private:
  // Compat: etcd says what it could not do with the file.
  base::Result<std::unique_ptr<runtime::File>> OpenSnapshot() const {
    auto file = disk_.Open(restore_.snapshot, runtime::OpenMode::kRead);
    if (file.ok()) return file;
    return base::Status(file.status().code(), "open " + std::string(file.status().message()));
  }

  base::Status CheckDigest(const runtime::File& file, const snap::SnapshotParts& parts) const {
    if (restore_.skip_digest) return {};
    if (!parts.has_digest) return Refused("snapshot missing hash but --skip-hash-check=false");
    return snap::VerifyDigest(file, restore_.snapshot, parts);
  }

  base::Status BuildDatabase(const runtime::File& file, const snap::SnapshotParts& parts,
                             const Paths& paths) const {
    ASSIGN_OR_RETURN(const auto image,
                     snap::BboltReader::Open(&file, restore_.snapshot, parts.image_bytes));
    image->ReportTo(environment_.on_progress);
    WithoutMembers source(image.get());
    {
      ASSIGN_OR_RETURN(const auto database, environment_.new_database(paths.database));
      RETURN_IF_ERROR(image::ImportDatabase(source, *database));
      backend::Batch changes = Founded();
      if (restore_.bump_revision > 0) {
        RETURN_IF_ERROR(BumpRevision(source.last_key(), &changes));
      }
      RETURN_IF_ERROR(database->Commit(changes));
    }
    ASSIGN_OR_RETURN(const auto made, disk_.Open(paths.database, runtime::OpenMode::kWrite));
    RETURN_IF_ERROR(made->Sync());
    return disk_.SyncDirectory(paths.snap);
  }

  void TellMembers() const {
    for (const members::Member& member : founding_.members) {
      environment_.logger->Info("added member",
                                {{"cluster-id", members::HexText(founding_.cluster.value())},
                                 {"local-member-id", members::HexText(founding_.self.value())},
                                 {"added-peer-id", members::HexText(member.id.value())},
                                 {"added-peer-peer-urls", member.peer_urls},
                                 {"added-peer-is-learner", member.is_learner}});
    }
  }

  // What the founding entries would have done.
  backend::Batch Founded() const {
    backend::Batch batch;
    for (const members::Member& member : founding_.members) {
      batch.Put(Id(Bucket::kMembers), members::HexText(member.id.value()), members::ToJson(member));
    }
    batch.Put(Id(Bucket::kMeta), schema::kConfState, members::ToJson(conf_state_));
    schema::PutConsistentIndex({founded_.index, founded_.term}, &batch);
    return batch;
  }

  base::Status BumpRevision(base::ByteView last_key, backend::Batch* batch) const {
    const auto last = mvcc::ParseRevisionKey(last_key);
    const int64_t latest = last.has_value() ? last->revision.main : 0;
    if (restore_.bump_revision > uint64_t{std::numeric_limits<int64_t>::max()} - latest) {
      return Refused("revision " + std::to_string(latest) + " cannot be bumped by " +
                     std::to_string(restore_.bump_revision) + ": there is none so high");
    }
    const auto amount = static_cast<int64_t>(restore_.bump_revision);
    environment_.logger->Info("bumping latest revision",
                              {{"latest-revision", latest},
                               {"bump-amount", amount},
                               {"new-latest-revision", latest + amount}});
    environment_.logger->Info("marking revision compacted", {{"revision", latest + amount}});
    const mvcc::RevisionKey bumped({latest + amount, 0}, /*is_tombstone=*/false);
    batch->Put(Id(Bucket::kKey), bumped.view(), "");
    batch->Put(Id(Bucket::kMeta), schema::kScheduledCompactRev, bumped.view());
    return {};
  }

  base::Status BuildLog(const Paths& paths) const {
    ASSIGN_OR_RETURN(
        const auto log,
        wal::Log::Create(disk_, paths.wal, EncodeMetadata({founding_.self, founding_.cluster}),
                         {.segment_bytes = options_.wal_segment_bytes}));
    wal::SnapshotMark mark{founded_.index, founded_.term, {}};
    raft::Encode(conf_state_, &mark.conf_state);
    return log->Append(
        {.mark = &mark, .hard_state = {.term = founded_.term, .commit = founded_.index}});
  }

  const Options& options_;
  const RestoreEnvironment& environment_;
  runtime::Disk& disk_;
  const SnapshotRestore& restore_;
  const Founding founding_;
  raft::ConfState conf_state_;
  raft::EntryId founded_;  // the last founding entry
};

}  // namespace

base::Status RestoreSnapshot(const Options& options, const RestoreEnvironment& environment,
                             const SnapshotRestore& restore) {
  ASSIGN_OR_RETURN(Founding founding, FoundCluster(options));
  NewDirectory directory(environment.disk, options, NewDirectory::Making::kInside);
  RETURN_IF_ERROR(directory.CheckPlace());
  const auto tell = [&](std::string_view what) {
    const Paths paths(options);
    environment.logger->Info(what, {{"path", restore.snapshot},
                                    {"wal-dir", paths.wal},
                                    {"data-dir", options.data_dir},
                                    {"snap-dir", paths.snap}});
  };
  tell("restoring snapshot");
  RETURN_IF_ERROR(Restoration(options, environment, restore, std::move(founding)).Run(&directory));
  tell("restored snapshot");
  return {};
}

}  // namespace server
