#include "server/snapshot_restore.h"

#include <optional>
#include <utility>

#include "server/data_directory.h"
#include "server/founding.h"
#include "server/new_beginning.h"
#include "server/new_directory.h"
#include "storage/image/database_import.h"
#include "storage/mvcc/revision.h"
#include "storage/schema/schema.h"
#include "storage/snap/bbolt_reader.h"
#include "storage/snap/snapshot_digest.h"

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
        beginning_(std::move(founding)) {}

  base::Status Run(NewDirectory* directory) const {
    ASSIGN_OR_RETURN(const auto file, OpenSnapshot());
    ASSIGN_OR_RETURN(const snap::SnapshotParts parts, snap::FindParts(*file));
    RETURN_IF_ERROR(CheckDigest(*file, parts));
    return directory->Make([&](const Paths& paths) {
      RETURN_IF_ERROR(BuildDatabase(*file, parts, paths));
      beginning_.TellMembers(*environment_.logger);
      return beginning_.CreateLog(disk_, paths, options_.wal_segment_bytes);
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
    if (!parts.has_digest) {
      // What is no whole database lacks more than that.
      const auto image = snap::BboltReader::Open(&file, restore_.snapshot, parts.image_bytes);
      RETURN_IF_ERROR(image.status());
      return Refused("snapshot missing hash but --skip-hash-check=false");
    }
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
      backend::Batch changes = beginning_.Founded();
      if (restore_.bump_revision > 0) {
        RETURN_IF_ERROR(NewBeginning::BumpRevision(LatestOf(source), restore_.bump_revision,
                                                   *environment_.logger, &changes));
      }
      RETURN_IF_ERROR(database->Commit(changes));
    }
    ASSIGN_OR_RETURN(const auto made, disk_.Open(paths.database, runtime::OpenMode::kWrite));
    RETURN_IF_ERROR(made->Sync());
    return disk_.SyncDirectory(paths.snap);
  }

  static base::Revision LatestOf(const WithoutMembers& source) {
    const auto last = mvcc::ParseRevisionKey(source.last_key());
    return base::Revision(last.has_value() ? last->revision.main : 0);
  }

  const Options& options_;
  const RestoreEnvironment& environment_;
  runtime::Disk& disk_;
  const SnapshotRestore& restore_;
  const NewBeginning beginning_;
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
