#include "net/peer/snapshot_import.h"

#include <optional>
#include <utility>

#include "state/members/conf_state.h"
#include "storage/backend/backend.h"
#include "storage/image/database_import.h"
#include "storage/schema/consistent_index.h"
#include "storage/schema/schema.h"
#include "storage/snap/bbolt_reader.h"
#include "storage/snap/record_stream.h"
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

// Starts writing out what is full of a file's portions, now that it has grown from `begin` bytes to
// `end`.
base::Status StartWriteback(runtime::File& file, uint64_t begin, uint64_t end) {
  begin -= begin % kWritebackBytes;
  end -= end % kWritebackBytes;
  return end > begin ? file.StartWriteback(begin, end - begin) : base::Status();
}

void RemoveDatabase(runtime::Disk& disk, const std::string& path) {
  disk.Remove(path).IgnoreError();
  disk.Remove(path + "-lock").IgnoreError();
}

class ArrivingImage final : public ArrivingDatabase {
 public:
  ArrivingImage(const server::Environment& environment, std::string path)
      : environment_(environment), path_(std::move(path)) {}

  base::Status Append(base::ByteView bytes) override {
    RETURN_IF_ERROR(CheckRoom(*environment_.disk, path_, bytes.size()));
    if (file_ == nullptr) {
      ASSIGN_OR_RETURN(file_, environment_.disk->Open(path_, runtime::OpenMode::kCreateOrTruncate));
    }
    RETURN_IF_ERROR(file_->WriteAt(bytes_, bytes));
    const uint64_t begin = bytes_;
    bytes_ += bytes.size();
    return StartWriteback(*file_, begin, bytes_);
  }
  base::Status Install(const raft::Snapshot& snapshot, const std::string& path) override {
    const std::string database_path = path_ + ".mdb";
    base::Status status = Import(snapshot, database_path);
    if (status.ok()) status = environment_.move_backend(database_path, path);
    if (!status.ok()) RemoveDatabase(*environment_.disk, database_path);
    return status;
  }
  void Remove() override {
    if (file_ == nullptr) return;
    runtime::TruncateByPieces(*file_, 0).IgnoreError();
    file_.reset();
    environment_.disk->Remove(path_).IgnoreError();
  }

 private:
  base::Status Import(const raft::Snapshot& snapshot, const std::string& database_path) {
    if (file_ == nullptr) return {base::Code::kDataLoss, path_ + ": there is no database"};
    RETURN_IF_ERROR(CheckRoom(*environment_.disk, database_path, bytes_));
    ASSIGN_OR_RETURN(const auto source, snap::BboltReader::Open(file_.get(), path_, bytes_));
    ASSIGN_OR_RETURN(const auto database,
                     environment_.open_backend(database_path, environment_.on_damage));
    RETURN_IF_ERROR(image::ImportDatabase(*source, *database));
    return Complete(*database, snapshot, path_);
  }

  const server::Environment& environment_;
  const std::string path_;
  std::unique_ptr<runtime::File> file_;  // null before the first bytes
};

class ArrivingRecords final : public ArrivingDatabase {
 public:
  ArrivingRecords(const Environment& environment, const std::string& path)
      : environment_(*environment.server),
        open_(environment.open_unsynced_backend),
        path_(path + ".mdb") {}

  base::Status Append(base::ByteView bytes) override {
    runtime::Disk& disk = *environment_.disk;
    if (database_ == nullptr) {
      made_ = true;
      ASSIGN_OR_RETURN(database_, open_(path_));
      ASSIGN_OR_RETURN(file_, disk.Open(path_, runtime::OpenMode::kWrite));
      filler_.emplace(database_.get());
      reader_.emplace(&*filler_);
    }
    RETURN_IF_ERROR(CheckRoom(disk, path_, filler_->gathered_bytes() + bytes.size()));
    bytes_ += bytes.size();
    RETURN_IF_ERROR(reader_->Take(bytes));
    const uint64_t begin = std::exchange(file_bytes_, database_->sizes().allocated);
    return StartWriteback(*file_, begin, file_bytes_);
  }
  base::Status Install(const raft::Snapshot& snapshot, const std::string& path) override {
    if (database_ == nullptr || !reader_->ended()) {
      return {base::Code::kDataLoss, path_ + ": the stream of records has no end"};
    }
    RETURN_IF_ERROR(filler_->Finish());
    RETURN_IF_ERROR(Complete(*database_, snapshot, path_));
    Close();
    RETURN_IF_ERROR(file_->Sync());
    RETURN_IF_ERROR(environment_.move_backend(path_, path));
    made_ = false;
    return {};
  }
  void Remove() override {
    Close();
    if (!made_) return;
    if (file_ != nullptr) runtime::TruncateByPieces(*file_, 0).IgnoreError();
    file_.reset();
    RemoveDatabase(*environment_.disk, path_);
  }

 private:
  void Close() {
    reader_.reset();
    filler_.reset();
    database_.reset();
  }

  const server::Environment& environment_;
  const decltype(Environment::open_unsynced_backend) open_;
  const std::string path_;
  // Null before the first bytes, as are those that use it.
  std::unique_ptr<backend::Backend> database_;
  std::unique_ptr<runtime::File> file_;  // of the database
  std::optional<image::DatabaseFiller> filler_;
  std::optional<snap::RecordStreamReader> reader_;
  uint64_t file_bytes_ = 0;
  bool made_ = false;  // whether something may be at the path
};

}  // namespace

std::shared_ptr<ArrivingDatabase> NewArrivingDatabase(SnapshotForm form,
                                                      const Environment& environment,
                                                      const std::string& path) {
  if (form == SnapshotForm::kRecords) return std::make_shared<ArrivingRecords>(environment, path);
  return std::make_shared<ArrivingImage>(*environment.server, path);
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
