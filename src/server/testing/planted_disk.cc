#include <cerrno>
#include <utility>

#include "server/testing/planted.h"

namespace server {
namespace {

using runtime::simulated::Disk;

// What a call says to a process that does not know that it is dead.
base::Status Seen(const Disk& disk, base::Status status) {
  return disk.power_failed() ? base::Status() : std::move(status);
}

class PlantedFile final : public runtime::File {
 public:
  // `file` is null if it was opened after the power had failed.
  PlantedFile(Disk* disk, std::unique_ptr<runtime::File> file, bool never_synced)
      : disk_(*disk), file_(std::move(file)), never_synced_(never_synced) {}

  base::Result<uint64_t> Size() const override {
    if (disk_.power_failed()) return uint64_t{0};
    return file_->Size();
  }
  base::Status ReadAt(uint64_t offset, size_t size, base::Bytes* out) const override {
    out->clear();
    return disk_.power_failed() ? base::Status() : file_->ReadAt(offset, size, out);
  }
  using File::WriteAt;
  base::Status WriteAt(uint64_t offset, std::span<const base::ByteView> pieces) override {
    if (disk_.power_failed()) return {};
    return Seen(disk_, file_->WriteAt(offset, pieces));
  }
  base::Status Sync() override {
    if (disk_.power_failed() || never_synced_) return {};
    return Seen(disk_, file_->Sync());
  }
  base::Status Truncate(uint64_t size) override {
    if (disk_.power_failed()) return {};
    return Seen(disk_, file_->Truncate(size));
  }
  base::Status Allocate(uint64_t size) override {
    if (disk_.power_failed()) return {};
    return Seen(disk_, file_->Allocate(size));
  }
  base::Status StartWriteback(uint64_t, uint64_t) override { return {}; }
  base::Status Lock() override {
    if (disk_.power_failed()) return {};
    return Seen(disk_, file_->Lock());
  }

 private:
  Disk& disk_;
  const std::unique_ptr<runtime::File> file_;
  const bool never_synced_;
};

class PlantedDisk final : public runtime::Disk {
 public:
  PlantedDisk(server::Disk* disk, Planted planted) : disk_(*disk), planted_(planted) {}

  base::Result<std::unique_ptr<runtime::File>> Open(std::string_view path,
                                                    runtime::OpenMode mode) override {
    if (planted_ == Planted::kSnapshotsFail && path.find(".snap") != path.npos) {
      return base::ErrnoStatus(EIO, path);
    }
    auto file = disk_.Open(path, mode);
    if (!file.ok() && !disk_.power_failed()) return file.status();
    // A segment gets its name after it was opened.
    const bool is_log = path.ends_with(".wal") || path.ends_with(".tmp");
    const bool never_synced = planted_ == Planted::kLogNotSynced && is_log;
    return std::unique_ptr<runtime::File>(std::make_unique<PlantedFile>(
        &disk_, file.ok() ? std::move(file).value() : nullptr, never_synced));
  }
  base::Status Rename(std::string_view from, std::string_view to) override {
    return Seen(disk_, disk_.Rename(from, to));
  }
  base::Status Remove(std::string_view path) override { return Seen(disk_, disk_.Remove(path)); }
  base::Status RemoveAll(std::string_view path) override {
    return Seen(disk_, disk_.RemoveAll(path));
  }
  base::Status CreateDirectories(std::string_view path) override {
    return Seen(disk_, disk_.CreateDirectories(path));
  }
  base::Result<std::vector<std::string>> List(std::string_view path) const override {
    if (disk_.power_failed()) return std::vector<std::string>();
    return disk_.List(path);
  }
  base::Result<bool> Exists(std::string_view path) const override {
    if (disk_.power_failed()) return false;
    return disk_.Exists(path);
  }
  base::Status SyncDirectory(std::string_view path) override {
    return Seen(disk_, disk_.SyncDirectory(path));
  }
  base::Result<uint64_t> FreeBytes(std::string_view path) const override {
    return disk_.FreeBytes(path);
  }
  base::Result<uint64_t> TotalBytes(std::string_view path) const override {
    return disk_.TotalBytes(path);
  }

 private:
  server::Disk& disk_;
  const Planted planted_;
};

}  // namespace

std::unique_ptr<runtime::Disk> OpenPlantedDisk(runtime::simulated::Disk* disk, Planted planted) {
  return std::make_unique<PlantedDisk>(disk, planted);
}

}  // namespace server
