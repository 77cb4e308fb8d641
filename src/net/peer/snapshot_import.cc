#include "net/peer/snapshot_import.h"

#include <utility>

#include "state/members/conf_state.h"
#include "storage/backend/backend.h"
#include "storage/image/database_import.h"
#include "storage/schema/consistent_index.h"
#include "storage/schema/schema.h"
#include "storage/snap/bbolt_reader.h"
#include "storage/spool/spool.h"

namespace peer {
namespace {

// Bulk writes go to the disk in portions, or one flush of them all would delay every other sync.
constexpr uint64_t kWritebackBytes = 4 << 20;

// For so many bytes more of the file at `path`.
base::Status CheckRoom(const runtime::Disk& disk, const std::string& path, uint64_t bytes) {
  ASSIGN_OR_RETURN(const uint64_t free_bytes, disk.FreeBytes(runtime::ParentPath(path)));
  ASSIGN_OR_RETURN(const uint64_t total_bytes, disk.TotalBytes(runtime::ParentPath(path)));
  const uint64_t left = spool::Spool::LeftToOthers(total_bytes);
  if (free_bytes >= left + bytes) return {};
  return {base::Code::kResourceExhausted,
          path + ": " + std::to_string(bytes) + " bytes do not fit: " + std::to_string(free_bytes) +
              " are free on the disk, of which " + std::to_string(left) + " are left to others"};
}

// That it is of the snapshot's entry, and has the configuration as of then: etcd before 3.5 did not
// write that into its databases.
base::Status Complete(backend::Backend& database, const raft::Snapshot& snapshot,
                      const std::string& path) {
  const auto reader_of = database.NewReader();
  RETURN_IF_ERROR(reader_of.status());
  backend::Reader& reader = **reader_of;
  ASSIGN_OR_RETURN(const schema::ConsistentIndex covered, schema::ReadConsistentIndex(reader));
  if (covered.index != snapshot.index) {
    return {base::Code::kDataLoss, path + ": should be of entry " + ToString(snapshot.index) +
                                       " and is of entry " + ToString(covered.index)};
  }
  ASSIGN_OR_RETURN(const auto conf_state,
                   reader.Get(schema::Id(schema::Bucket::kMeta), schema::kConfState));
  if (conf_state.has_value()) return {};
  backend::Batch batch;
  batch.Put(schema::Id(schema::Bucket::kMeta), schema::kConfState,
            members::ToJson(snapshot.conf_state));
  return database.Commit(batch);
}

base::Status Import(const server::Environment& environment, const ImageFile& image,
                    const raft::Snapshot& snapshot, const std::string& database_path) {
  if (image.file() == nullptr) {
    return {base::Code::kDataLoss, image.path() + ": there is no database"};
  }
  RETURN_IF_ERROR(CheckRoom(*environment.disk, database_path, image.bytes()));
  ASSIGN_OR_RETURN(const auto source,
                   snap::BboltReader::Open(image.file(), image.path(), image.bytes()));
  ASSIGN_OR_RETURN(const auto database,
                   environment.open_backend(database_path, environment.on_damage));
  RETURN_IF_ERROR(image::ImportDatabase(*source, *database));
  return Complete(*database, snapshot, image.path());
}

}  // namespace

base::Status ImageFile::Append(base::ByteView bytes) {
  RETURN_IF_ERROR(CheckRoom(disk_, path_, bytes.size()));
  if (file_ == nullptr) {
    ASSIGN_OR_RETURN(file_, disk_.Open(path_, runtime::OpenMode::kCreateOrTruncate));
  }
  RETURN_IF_ERROR(file_->WriteAt(bytes_, bytes));
  const uint64_t begin = bytes_ - bytes_ % kWritebackBytes;
  bytes_ += bytes.size();
  const uint64_t end = bytes_ - bytes_ % kWritebackBytes;
  return end > begin ? file_->StartWriteback(begin, end - begin) : base::Status();
}

void ImageFile::Remove() {
  if (file_ == nullptr) return;
  runtime::TruncateByPieces(*file_, 0).IgnoreError();
  file_.reset();
  disk_.Remove(path_).IgnoreError();
}

base::Status ImportSnapshot(const server::Environment& environment, const ImageFile& image,
                            const raft::Snapshot& snapshot, const std::string& path) {
  const std::string database_path = image.path() + ".mdb";
  base::Status status = Import(environment, image, snapshot, database_path);
  if (status.ok()) status = environment.move_backend(database_path, path);
  if (!status.ok()) {
    environment.disk->Remove(database_path).IgnoreError();
    environment.disk->Remove(database_path + "-lock").IgnoreError();
  }
  return status;
}

base::Status RemoveUnfinished(runtime::Disk& disk, const std::string& directory) {
  ASSIGN_OR_RETURN(const bool exists, disk.Exists(directory));
  if (!exists) return {};
  ASSIGN_OR_RETURN(const std::vector<std::string> names, disk.List(directory));
  for (const std::string& name : names) {
    if (name.find(kReceivingMark) == name.npos) continue;
    RETURN_IF_ERROR(disk.Remove(runtime::JoinPath(directory, name)));
  }
  return {};
}

}  // namespace peer
