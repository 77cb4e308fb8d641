#include "sim/storage.h"

#include <cerrno>
#include <utility>

#include "base/bytes.h"
#include "base/check.h"
#include "base/status.h"
#include "storage/schema/schema.h"

namespace sim {
namespace {

// Has no files: that they are removed is the change of the disk that a commit is.
constexpr std::string_view kCommit = "/commit";

std::string Parent(const std::string& path) {
  return path.substr(0, path.rfind('/'));
}

class SimulatedBackend final : public backend::Backend {
 public:
  SimulatedBackend(std::shared_ptr<backend::MemoryDatabase> database,
                   runtime::simulated::Disk* disk, backend::OnDamage on_damage)
      : backend_(
            backend::OpenMemoryBackend(std::move(database), {.on_damage = std::move(on_damage)})),
        disk_(*disk) {}

  base::Result<std::unique_ptr<backend::Reader>> NewReader() override {
    return backend_->NewReader();
  }
  base::Result<std::unique_ptr<backend::Reader>> NewReservedReader() override {
    return backend_->NewReservedReader();
  }
  base::Result<std::unique_ptr<backend::StructureCheck>> NewStructureCheck() override {
    return backend_->NewStructureCheck();
  }
  base::Status Commit(const backend::Batch& batch) override {
    RETURN_IF_ERROR(disk_.RemoveAll(kCommit));
    ASSIGN_OR_RETURN(const uint64_t room, disk_.FreeBytes(kCommit));
    if (room < batch.bytes()) return base::ErrnoStatus(ENOSPC, "db.mdb");
    return backend_->Commit(batch);
  }
  base::Status Defragment(DefragmentProgress progress) override {
    return backend_->Defragment(std::move(progress));
  }
  void GiveUpName() override { backend_->GiveUpName(); }
  backend::Sizes sizes() const override { return backend_->sizes(); }
  size_t open_readers() const override { return backend_->open_readers(); }
  bool ReportDamage(const base::Status& damage) override { return backend_->ReportDamage(damage); }

 private:
  const std::unique_ptr<backend::Backend> backend_;
  runtime::simulated::Disk& disk_;
};

}  // namespace

base::Status Storage::Name(const std::string& path, uint64_t number) {
  base::Bytes text(sizeof number, '\0');
  base::Store64Le(text.data(), number);
  ASSIGN_OR_RETURN(auto file, disk_.Open(path, runtime::OpenMode::kCreateOrTruncate));
  RETURN_IF_ERROR(file->WriteAt(0, text));
  RETURN_IF_ERROR(file->Sync());
  return disk_.SyncDirectory(Parent(path));
}

base::Result<uint64_t> Storage::NumberAt(const std::string& path) {
  ASSIGN_OR_RETURN(const base::Bytes text, runtime::ReadFile(disk_, path));
  if (text.size() != sizeof(uint64_t)) return uint64_t{0};  // a power failure came before its sync
  return base::Load64Le(text.data());
}

base::Result<std::unique_ptr<backend::Backend>> Storage::OpenBackend(const std::string& path,
                                                                     backend::OnDamage on_damage) {
  ASSIGN_OR_RETURN(const bool exists, disk_.Exists(path));
  uint64_t number = 0;
  if (exists) {
    ASSIGN_OR_RETURN(number, NumberAt(path));
  }
  if (damaged_.contains(number)) return base::Status(base::Code::kDataLoss, path + ": damaged");
  if (!databases_.contains(number)) {
    number = databases_.size() + 1;
    databases_[number] = backend::NewMemoryDatabase(schema::kBucketNames.size());
    RETURN_IF_ERROR(Name(path, number));
  }
  return std::unique_ptr<backend::Backend>(
      std::make_unique<SimulatedBackend>(databases_.at(number), &disk_, std::move(on_damage)));
}

base::Status Storage::MoveBackend(const std::string& from, const std::string& to) {
  RETURN_IF_ERROR(disk_.Rename(from, to));
  return disk_.SyncDirectory(Parent(to));
}

void Storage::DamageDatabase(const std::string& path) {
  const auto number = NumberAt(path);
  if (number.ok() && databases_.contains(*number)) damaged_.insert(*number);
}

base::Status Storage::Receive(const std::string& path,
                              std::shared_ptr<backend::MemoryDatabase> database) {
  const uint64_t number = databases_.size() + 1;
  databases_[number] = std::move(database);
  // The same may have come before, and be on its way to its place.
  const std::string temporary = path + ".tmp";
  RETURN_IF_ERROR(Name(temporary, number));
  return MoveBackend(temporary, path);
}

std::shared_ptr<backend::MemoryDatabase> CopyOf(backend::Reader& reader) {
  auto copy = backend::NewMemoryDatabase(schema::kBucketNames.size());
  backend::Batch batch;
  for (backend::BucketId bucket = 0; bucket < schema::kBucketNames.size(); ++bucket) {
    const auto cursor = reader.NewCursor(bucket);
    CHECK(cursor->Seek({}).ok());
    for (; cursor->valid(); CHECK(cursor->Next().ok())) {
      batch.Put(bucket, cursor->key(), cursor->value());
    }
  }
  CHECK(backend::OpenMemoryBackend(copy)->Commit(batch).ok());
  return copy;
}

}  // namespace sim
