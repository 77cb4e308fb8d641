#include "server/cluster_recovery.h"

#include <memory>
#include <string>
#include <utility>

#include "server/data_directory.h"
#include "server/etcd_import.h"
#include "server/founding.h"
#include "server/new_beginning.h"
#include "server/new_directory.h"
#include "server/replay.h"
#include "server/snapshot_install.h"
#include "state/members/member.h"
#include "storage/image/database_import.h"
#include "storage/image/reader_source.h"
#include "storage/schema/schema.h"

namespace server {
namespace {

using schema::Bucket;
using schema::Id;

base::Status DeleteAll(backend::Reader& reader, Bucket bucket, backend::Batch* batch) {
  const auto cursor = reader.NewCursor(Id(bucket));
  RETURN_IF_ERROR(cursor->Seek({}));
  for (; cursor->valid();) {
    batch->Delete(Id(bucket), cursor->key());
    RETURN_IF_ERROR(cursor->Next());
  }
  return {};
}

class Recovery {
 public:
  Recovery(const Options& target, const Environment& environment, const ClusterRecovery& recovery,
           Founding founding)
      : target_(target),
        environment_(environment),
        disk_(*environment.disk),
        recovery_(recovery),
        beginning_(std::move(founding)) {}

  base::Status Run(NewDirectory* directory) {
    return directory->Make([this](const Paths& paths) {
      RETURN_IF_ERROR(BuildDatabase(paths));
      RETURN_IF_ERROR(Found(paths));
      beginning_.TellMembers(*environment_.logger);
      return beginning_.CreateLog(disk_, paths, target_.wal_segment_bytes);
    });
  }

  const AllOfEtcd& built() const { return built_; }

 private:
  // As the survivor's, with all of its log applied.
  base::Status BuildDatabase(const Paths& paths) {
    if (recovery_.etcd_database != nullptr) {
      ASSIGN_OR_RETURN(built_, ImportAllOfEtcd(*recovery_.survivor, environment_,
                                               *recovery_.etcd_database, paths.database));
      return {};
    }
    ASSIGN_OR_RETURN(auto database,
                     environment_.open_backend(paths.database, environment_.on_damage));
    {
      ASSIGN_OR_RETURN(const auto reader, recovery_.database->NewReader());
      image::ReaderSource source(reader.get());
      RETURN_IF_ERROR(image::ImportDatabase(source, *database));
    }
    ASSIGN_OR_RETURN(auto state,
                     OpenStateAt(target_, environment_, std::move(database),
                                 Paths(*recovery_.survivor).database, recovery_.applied.index));
    Replay replay(target_, environment_, std::move(state), recovery_.applied);
    RETURN_IF_ERROR(replay.Apply(recovery_.entries));
    RETURN_IF_ERROR(replay.Commit());
    built_ = {replay.applied(), replay.state().store().revision()};
    return {};
  }

  // Its members give way to those of the new cluster.
  base::Status Found(const Paths& paths) {
    {
      ASSIGN_OR_RETURN(const auto database,
                       environment_.open_backend(paths.database, environment_.on_damage));
      backend::Batch gone;
      {
        ASSIGN_OR_RETURN(const auto reader, database->NewReader());
        RETURN_IF_ERROR(DeleteAll(*reader, Bucket::kMembers, &gone));
        RETURN_IF_ERROR(DeleteAll(*reader, Bucket::kMembersRemoved, &gone));
      }
      RETURN_IF_ERROR(database->Commit(gone));
      backend::Batch changes = beginning_.Founded();
      if (recovery_.bump_revision > 0) {
        RETURN_IF_ERROR(NewBeginning::BumpRevision(built_.revision, recovery_.bump_revision,
                                                   *environment_.logger, &changes));
      }
      RETURN_IF_ERROR(database->Commit(changes));
    }
    ASSIGN_OR_RETURN(const auto made, disk_.Open(paths.database, runtime::OpenMode::kWrite));
    RETURN_IF_ERROR(made->Sync());
    return disk_.SyncDirectory(paths.snap);
  }

  const Options& target_;
  const Environment& environment_;
  runtime::Disk& disk_;
  const ClusterRecovery& recovery_;
  const NewBeginning beginning_;
  AllOfEtcd built_;
};

}  // namespace

base::Status RecoverCluster(const Options& target, const Environment& environment,
                            const ClusterRecovery& recovery) {
  ASSIGN_OR_RETURN(Founding founding, FoundCluster(target));
  const std::string cluster = members::HexText(founding.cluster.value());
  if (founding.cluster == recovery.cluster) {
    return {base::Code::kFailedPrecondition,
            "the new cluster would have the id of the old one, " + cluster +
                ", whose members could disturb it; give another --initial-cluster-token"};
  }
  NewDirectory directory(environment.disk, target, NewDirectory::Making::kInside);
  RETURN_IF_ERROR(directory.CheckPlace());
  const Paths paths(target);
  environment.logger->Info("recovering the cluster", {{"path", recovery.survivor->data_dir},
                                                      {"wal-dir", paths.wal},
                                                      {"data-dir", target.data_dir},
                                                      {"snap-dir", paths.snap}});
  Recovery run(target, environment, recovery, std::move(founding));
  RETURN_IF_ERROR(run.Run(&directory));
  environment.logger->Info("recovered the cluster",
                           {{"path", recovery.survivor->data_dir},
                            {"data-dir", target.data_dir},
                            {"old-cluster-id", members::HexText(recovery.cluster.value())},
                            {"cluster-id", cluster},
                            {"last-entry", run.built().last.index.value()},
                            {"current-revision", run.built().revision.value()}});
  return {};
}

}  // namespace server
