#include "runtime/simulated/disk.h"

#include <algorithm>
#include <cerrno>
#include <limits>
#include <utility>

#include "base/check.h"

namespace runtime::simulated {
namespace {

std::string_view ParentOf(std::string_view path) {
  const size_t slash = path.rfind('/');
  if (slash == std::string_view::npos) return {};
  return path.substr(0, slash == 0 ? 1 : slash);
}

base::Status PowerFailed(std::string_view subject) {
  return base::Status(base::Code::kUnavailable, std::string(subject) + ": the power has failed");
}

}  // namespace

// An open file of a simulated disk; dead once the disk has restarted.
class DiskFile final : public File {
 public:
  DiskFile(Disk* disk, std::string path, std::shared_ptr<Inode> inode, bool writable)
      : disk_(disk),
        path_(std::move(path)),
        inode_(std::move(inode)),
        writable_(writable),
        generation_(disk->generation_) {
    ++inode_->open_files;
  }

  ~DiskFile() override {
    const std::lock_guard lock(disk_->mutex_);
    if (generation_ != disk_->generation_) return;
    if (holds_lock_) inode_->locked = false;
    if (--inode_->open_files == 0) disk_->unlinked_.erase(inode_);
  }

  base::Result<uint64_t> Size() const override {
    const std::lock_guard lock(disk_->mutex_);
    RETURN_IF_ERROR(Alive());
    return inode_->current.size();
  }

  base::Status ReadAt(uint64_t offset, size_t size, base::Bytes* out) const override {
    const std::lock_guard lock(disk_->mutex_);
    RETURN_IF_ERROR(Alive());
    *out = inode_->current.Read(offset, size);
    return {};
  }

  using File::WriteAt;
  base::Status WriteAt(uint64_t offset, std::span<const base::ByteView> pieces) override {
    const std::lock_guard lock(disk_->mutex_);
    RETURN_IF_ERROR(Alive());
    base::Status status = BeginChange();
    // The write at which the power fails may have reached the disk's cache in part.
    if (!status.ok() && !disk_->power_failed_) return status;
    for (const base::ByteView piece : pieces) {
      if (!status.ok() && disk_->random_.OneIn(2)) break;
      RETURN_IF_ERROR(RequireSpace(offset + piece.size()));
      inode_->Write(offset, piece);
      offset += piece.size();
    }
    return status;
  }

  base::Status Sync() override {
    const std::lock_guard lock(disk_->mutex_);
    RETURN_IF_ERROR(BeginChange());
    RETURN_IF_ERROR(disk_->BeginSync(path_));
    inode_->Sync();
    return {};
  }

  base::Status Truncate(uint64_t size) override {
    const std::lock_guard lock(disk_->mutex_);
    RETURN_IF_ERROR(BeginChange());
    inode_->Truncate(size);
    return {};
  }

  base::Status Allocate(uint64_t size) override {
    const std::lock_guard lock(disk_->mutex_);
    RETURN_IF_ERROR(BeginChange());
    RETURN_IF_ERROR(RequireSpace(size));
    if (size > inode_->current.size()) inode_->current.Resize(size);
    return {};
  }

  base::Status StartWriteback(uint64_t, uint64_t) override {
    const std::lock_guard lock(disk_->mutex_);
    return Alive();
  }

  base::Status Lock() override {
    const std::lock_guard lock(disk_->mutex_);
    RETURN_IF_ERROR(Alive());
    if (inode_->locked && !holds_lock_) {
      return base::Status(base::Code::kUnavailable, path_ + ": locked by another process");
    }
    inode_->locked = holds_lock_ = true;
    return {};
  }

 private:
  base::Status Alive() const {
    if (disk_->power_failed_ || generation_ != disk_->generation_) return PowerFailed(path_);
    return {};
  }

  base::Status BeginChange() {
    RETURN_IF_ERROR(Alive());
    if (!writable_) return base::ErrnoStatus(EBADF, path_);
    return disk_->BeginChange(path_);
  }

  base::Status RequireSpace(uint64_t size) const {
    const uint64_t own = inode_->current.size();
    if (size <= own) return {};
    if (disk_->UsedBytes() + (size - own) <= disk_->capacity_bytes_) return {};
    return base::ErrnoStatus(ENOSPC, path_);
  }

  Disk* const disk_;
  const std::string path_;
  const std::shared_ptr<Inode> inode_;
  const bool writable_;
  const uint64_t generation_;
  bool holds_lock_ = false;
};

Disk::Disk(uint64_t seed) : random_(seed), capacity_bytes_(std::numeric_limits<uint64_t>::max()) {}

Disk::~Disk() = default;

base::Status Disk::BeginChange(std::string_view subject) {
  if (power_failed_) return PowerFailed(subject);
  if (read_only_) return base::ErrnoStatus(EROFS, subject);
  ++operation_count_;
  if (power_fails_in_ > 0 && --power_fails_in_ == 0) {
    power_failed_ = true;
    return PowerFailed(subject);
  }
  return {};
}

base::Status Disk::BeginSync(std::string_view subject) {
  if (sync_fails_in_ > 0 && --sync_fails_in_ == 0) return base::ErrnoStatus(EIO, subject);
  return {};
}

bool Disk::IsDirectory(std::string_view path) const {
  if (path.empty() || path == "/" || path == ".") return true;
  const auto found = names_.find(path);
  return found != names_.end() && found->second->is_directory;
}

base::Status Disk::RequireParent(std::string_view path) const {
  if (IsDirectory(ParentOf(path))) return {};
  return base::ErrnoStatus(ENOENT, path);
}

void Disk::Apply(const NameChange& change, Names* names) {
  if (change.inode != nullptr) {
    (*names)[change.path] = change.inode;
  } else {
    names->erase(change.path);
  }
}

void Disk::Change(std::string path, std::shared_ptr<Inode> inode) {
  unsynced_changes_.push_back(NameChange{std::move(path), std::move(inode), operation_count_});
  Apply(unsynced_changes_.back(), &names_);
}

void Disk::Unlink(std::string path) {
  const std::shared_ptr<Inode> inode = names_.find(path)->second;
  Change(std::move(path), nullptr);
  if (inode->open_files > 0) unlinked_.insert(inode);
}

void Disk::MakeDurable(size_t change_count) {
  while (change_count > 0 && change_count < unsynced_changes_.size() &&
         unsynced_changes_[change_count].operation ==
             unsynced_changes_[change_count - 1].operation) {
    ++change_count;
  }
  const auto end = unsynced_changes_.begin() + static_cast<ptrdiff_t>(change_count);
  std::for_each(unsynced_changes_.begin(), end,
                [this](const NameChange& change) { Apply(change, &durable_names_); });
  unsynced_changes_.erase(unsynced_changes_.begin(), end);
}

uint64_t Disk::UsedBytes() const {
  uint64_t used = 0;
  for (const auto& [path, inode] : names_) used += inode->current.size();
  for (const auto& inode : unlinked_) used += inode->current.size();
  return used;
}

std::vector<std::string> Disk::Below(std::string_view directory) const {
  const std::string prefix = JoinPath(directory, "");
  std::vector<std::string> paths;
  for (auto entry = names_.lower_bound(prefix);
       entry != names_.end() && entry->first.starts_with(prefix); ++entry) {
    paths.push_back(entry->first);
  }
  return paths;
}

base::Result<std::unique_ptr<File>> Disk::Open(std::string_view path, OpenMode mode) {
  const std::lock_guard lock(mutex_);
  if (power_failed_) return PowerFailed(path);
  const auto found = names_.find(path);
  const bool creates = mode == OpenMode::kCreate || mode == OpenMode::kCreateOrTruncate;
  if (found == names_.end()) {
    if (!creates) return base::ErrnoStatus(ENOENT, path);
    RETURN_IF_ERROR(RequireParent(path));
    RETURN_IF_ERROR(BeginChange(path));
    Change(std::string(path), std::make_shared<Inode>());
  } else if (found->second->is_directory) {
    return base::ErrnoStatus(EISDIR, path);
  } else if (mode == OpenMode::kCreate) {
    return base::ErrnoStatus(EEXIST, path);
  } else if (mode == OpenMode::kCreateOrTruncate) {
    RETURN_IF_ERROR(BeginChange(path));
    found->second->Truncate(0);
  }
  return std::unique_ptr<File>(std::make_unique<DiskFile>(
      this, std::string(path), names_.find(path)->second, mode != OpenMode::kRead));
}

base::Status Disk::Rename(std::string_view from, std::string_view to) {
  const std::lock_guard lock(mutex_);
  const auto found = names_.find(from);
  if (found == names_.end()) return base::ErrnoStatus(ENOENT, from);
  RETURN_IF_ERROR(RequireParent(to));
  RETURN_IF_ERROR(BeginChange(from));
  const std::vector<std::string> below = Below(from);
  const std::shared_ptr<Inode> inode = found->second;
  if (names_.find(to) != names_.end()) Unlink(std::string(to));
  Change(std::string(from), nullptr);
  Change(std::string(to), inode);
  for (const std::string& path : below) {
    const std::shared_ptr<Inode> moved = names_.find(path)->second;
    Change(path, nullptr);
    Change(JoinPath(to, std::string_view(path).substr(from.size() + 1)), moved);
  }
  return {};
}

base::Status Disk::Remove(std::string_view path) {
  const std::lock_guard lock(mutex_);
  if (names_.find(path) == names_.end()) return base::ErrnoStatus(ENOENT, path);
  if (!Below(path).empty()) return base::ErrnoStatus(ENOTEMPTY, path);
  RETURN_IF_ERROR(BeginChange(path));
  Unlink(std::string(path));
  return {};
}

base::Status Disk::RemoveAll(std::string_view path) {
  const std::lock_guard lock(mutex_);
  RETURN_IF_ERROR(BeginChange(path));
  for (const std::string& below : Below(path)) Unlink(below);
  if (names_.find(path) != names_.end()) Unlink(std::string(path));
  return {};
}

base::Status Disk::CreateDirectories(std::string_view path) {
  const std::lock_guard lock(mutex_);
  for (size_t end = 1; end <= path.size(); ++end) {
    if (end < path.size() && path[end] != '/') continue;
    const std::string_view prefix = path.substr(0, end);
    if (IsDirectory(prefix)) continue;
    if (names_.find(prefix) != names_.end()) return base::ErrnoStatus(ENOTDIR, prefix);
    RETURN_IF_ERROR(BeginChange(prefix));
    auto directory = std::make_shared<Inode>();
    directory->is_directory = true;
    Change(std::string(prefix), std::move(directory));
  }
  return {};
}

base::Result<std::vector<std::string>> Disk::List(std::string_view path) const {
  const std::lock_guard lock(mutex_);
  if (power_failed_) return PowerFailed(path);
  if (!IsDirectory(path)) return base::ErrnoStatus(ENOENT, path);
  const size_t prefix_size = JoinPath(path, "").size();
  std::vector<std::string> names;
  for (const std::string& below : Below(path)) {
    const std::string_view name = std::string_view(below).substr(prefix_size);
    if (name.find('/') == std::string_view::npos) names.emplace_back(name);
  }
  return names;
}

base::Result<bool> Disk::Exists(std::string_view path) const {
  const std::lock_guard lock(mutex_);
  if (power_failed_) return PowerFailed(path);
  return names_.find(path) != names_.end();
}

base::Status Disk::SyncDirectory(std::string_view path) {
  const std::lock_guard lock(mutex_);
  if (!IsDirectory(path)) return base::ErrnoStatus(ENOENT, path);
  RETURN_IF_ERROR(BeginChange(path));
  RETURN_IF_ERROR(BeginSync(path));
  size_t durable_count = unsynced_changes_.size();
  while (durable_count > 0 && ParentOf(unsynced_changes_[durable_count - 1].path) != path) {
    --durable_count;
  }
  MakeDurable(durable_count);
  return {};
}

base::Result<uint64_t> Disk::FreeBytes(std::string_view) const {
  const std::lock_guard lock(mutex_);
  const uint64_t used = UsedBytes();
  return used < capacity_bytes_ ? capacity_bytes_ - used : 0;
}

base::Result<uint64_t> Disk::TotalBytes(std::string_view) const {
  const std::lock_guard lock(mutex_);
  return capacity_bytes_;
}

uint64_t Disk::operation_count() const {
  const std::lock_guard lock(mutex_);
  return operation_count_;
}

void Disk::FailPowerAfter(uint64_t operations) {
  const std::lock_guard lock(mutex_);
  power_fails_in_ = operations;
}

bool Disk::power_failed() const {
  const std::lock_guard lock(mutex_);
  return power_failed_;
}

void Disk::Restart(CrashMode mode) {
  const std::lock_guard lock(mutex_);
  Random* const random = mode == CrashMode::kKeepSome ? &random_ : nullptr;
  const size_t surviving = random == nullptr ? 0 : random->Below(unsynced_changes_.size() + 1);
  MakeDurable(surviving);
  unsynced_changes_.clear();
  names_ = durable_names_;
  unlinked_.clear();
  for (auto& [path, inode] : names_) inode->Crash(random);
  power_failed_ = false;
  power_fails_in_ = 0;
  sync_fails_in_ = 0;
  ++generation_;
}

void Disk::FailSyncAfter(uint64_t operations) {
  const std::lock_guard lock(mutex_);
  sync_fails_in_ = operations;
}

void Disk::SetCapacity(uint64_t bytes) {
  const std::lock_guard lock(mutex_);
  capacity_bytes_ = bytes;
}

void Disk::SetReadOnly(bool read_only) {
  const std::lock_guard lock(mutex_);
  read_only_ = read_only;
}

void Disk::Corrupt(std::string_view path, uint64_t offset) {
  const std::lock_guard lock(mutex_);
  const auto found = names_.find(path);
  CHECK(found != names_.end());
  Inode& inode = *found->second;
  for (PagedBytes* bytes : {&inode.current, &inode.durable}) {
    base::Bytes byte = bytes->Read(offset, 1);
    if (byte.empty()) continue;
    byte[0] = static_cast<char>(~byte[0]);
    bytes->Write(offset, byte);
  }
}

}  // namespace runtime::simulated
