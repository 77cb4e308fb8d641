#include "storage/backend/lmdb_rewrite.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "runtime/failpoint.h"
#include "storage/backend/lmdb_copy.h"
#include "storage/backend/write_failure.h"

namespace backend {
namespace {

constexpr uint64_t kPortionBytes = 4 << 20;
// Room on the disk beyond the copy: for the delta and for what is committed meanwhile.
constexpr uint64_t kSpareBytes = 64 << 20;
// Or this part of a small disk, which a defragmentation may be what makes room on.
constexpr uint64_t kSpareShare = 16;

constexpr std::string_view kCopySuffix = ".tmp";
constexpr std::string_view kDeltaSuffix = "-delta";

std::string CopyPath(const std::string& path) {
  return path + std::string(kCopySuffix);
}

}  // namespace

std::string LmdbRewrite::DeltaPath(const std::string& path) {
  return CopyPath(path) + std::string(kDeltaSuffix);
}

base::Status LmdbRewrite::CheckRoom(runtime::Disk& disk, const std::string& path,
                                    uint64_t in_use_bytes) {
  ASSIGN_OR_RETURN(const uint64_t free_bytes, disk.FreeBytes(runtime::ParentPath(path)));
  ASSIGN_OR_RETURN(const uint64_t total_bytes, disk.TotalBytes(runtime::ParentPath(path)));
  const uint64_t needed = in_use_bytes + std::min(kSpareBytes, total_bytes / kSpareShare);
  if (free_bytes >= needed) return {};
  return base::Status(base::Code::kResourceExhausted,
                      path + ": a defragmented copy needs " + std::to_string(needed) +
                          " bytes of disk, " + std::to_string(free_bytes) + " are free");
}

base::Status LmdbRewrite::RemoveLeftovers(runtime::Disk& disk, const std::string& path) {
  for (const std::string& name : LmdbFilesInTheMaking(path)) {
    const base::Status removed = disk.Remove(name);
    if (!removed.ok() && removed.code() != base::Code::kNotFound) return removed;
  }
  return {};
}

base::Status LmdbRewrite::MakeEmpty(runtime::Disk& disk, const std::string& path,
                                    std::span<const std::string_view> buckets,
                                    const LmdbOptions& options) {
  base::Status made = LmdbEnvironment::Open(disk, CopyPath(path), buckets, options,
                                            LmdbEnvironment::Sync::kEachCommit)
                          .status();
  if (!made.ok()) made = WriteFailure(disk, CopyPath(path), made);
  if (made.ok()) made = disk.Rename(CopyPath(path), path);
  if (made.ok()) made = disk.SyncDirectory(runtime::ParentPath(path));
  const base::Status removed = RemoveLeftovers(disk, path);
  return made.ok() ? removed : made;
}

base::Result<std::unique_ptr<LmdbRewrite>> LmdbRewrite::Begin(
    runtime::Disk* disk, const std::string& path, std::span<const std::string_view> buckets,
    const LmdbOptions& options, Backend::DefragmentProgress progress) {
  RETURN_IF_ERROR(RemoveLeftovers(*disk, path));
  std::unique_ptr<LmdbRewrite> rewrite(new LmdbRewrite(disk, path, std::move(progress)));
  ASSIGN_OR_RETURN(rewrite->copy_,
                   LmdbEnvironment::Open(*disk, rewrite->copy_path_, buckets, options,
                                         LmdbEnvironment::Sync::kWhenAsked));
  ASSIGN_OR_RETURN(rewrite->file_, disk->Open(rewrite->copy_path_, runtime::OpenMode::kWrite));
  return rewrite;
}

LmdbRewrite::LmdbRewrite(runtime::Disk* disk, const std::string& path,
                         Backend::DefragmentProgress progress)
    : disk_(*disk), path_(path), copy_path_(CopyPath(path)), progress_(std::move(progress)) {}

LmdbRewrite::~LmdbRewrite() {
  if (in_place_) return;
  copy_.reset();
  RemoveLeftovers(disk_, path_).IgnoreError();
}

base::Status LmdbRewrite::Copy(const LmdbEnvironment& from, MDB_txn* transaction,
                               const CommitDelta& delta) {
  const auto go_on = [&](uint64_t copied_bytes) -> base::Status {
    copied_bytes_ = copied_bytes;
    RETURN_IF_ERROR(delta.failure());
    return PaceAndAsk();
  };
  runtime::Reach(runtime::Failpoint::kDefragBeforeCopy);
  return WriteFailure(disk_, copy_path_, CopyRecords(from, transaction, *copy_, go_on));
}

base::Status LmdbRewrite::Replay(CommitDelta& delta, uint64_t rest_bytes) {
  while (delta.pending_bytes() > rest_bytes || !delta.failure().ok()) {
    ASSIGN_OR_RETURN(const bool replayed, ReplayOne(delta));
    CHECK(replayed);
    if (copied_bytes_ - paced_bytes_ >= kPortionBytes) RETURN_IF_ERROR(PaceAndAsk());
  }
  return {};
}

base::Result<std::shared_ptr<LmdbEnvironment>> LmdbRewrite::TakePlace(CommitDelta& delta,
                                                                      LmdbEnvironment& replaced) {
  for (bool more = true; more;) {
    ASSIGN_OR_RETURN(more, ReplayOne(delta));
  }
  RETURN_IF_ERROR(copy_->MakeDurable());
  ASSIGN_OR_RETURN(auto replaced_file, disk_.Open(path_, runtime::OpenMode::kWrite));
  runtime::Reach(runtime::Failpoint::kDefragBeforeRename);
  // The lock file goes first: LMDB makes it anew when nobody else has the database open.
  RETURN_IF_ERROR(disk_.Rename(LmdbLockPath(copy_path_), LmdbLockPath(path_)));
  RETURN_IF_ERROR(disk_.Rename(copy_path_, path_));
  in_place_ = true;
  const base::Status synced = disk_.SyncDirectory(runtime::ParentPath(path_));
  if (!synced.ok()) {
    in_doubt_ = base::Status(synced.code(), path_ + ": defragmented, but a crash may undo it: " +
                                                std::string(synced.message()));
  }
  replaced.RemoveByPieces(std::move(replaced_file));
  copy_->SetPath(path_);
  return std::move(copy_);
}

base::Result<bool> LmdbRewrite::ReplayOne(CommitDelta& delta) {
  ASSIGN_OR_RETURN(const bool taken, delta.Take(&batch_));
  if (taken) {
    RETURN_IF_ERROR(WriteFailure(disk_, copy_path_, copy_->Write(batch_)));
    copied_bytes_ += batch_.bytes();
  }
  return taken;
}

// Bulk writes go to the disk in portions, or one flush of them all would delay every commit.
base::Status LmdbRewrite::PaceAndAsk() {
  paced_bytes_ = copied_bytes_;
  ASSIGN_OR_RETURN(const uint64_t size, file_->Size());
  RETURN_IF_ERROR(file_->StartWriteback(0, size));
  if (progress_(copied_bytes_)) return {};
  return base::Status(base::Code::kCanceled, "the defragmentation was canceled");
}

std::vector<std::string> LmdbFiles(const std::string& path) {
  std::vector<std::string> files = {path, LmdbLockPath(path)};
  for (std::string& file : LmdbFilesInTheMaking(path)) files.push_back(std::move(file));
  return files;
}

std::vector<std::string> LmdbFilesInTheMaking(const std::string& path) {
  const std::string copy = CopyPath(path);
  return {copy, LmdbLockPath(copy), LmdbRewrite::DeltaPath(path)};
}

base::Status MoveLmdbDatabase(runtime::Disk& disk, const std::string& from, const std::string& to) {
  RETURN_IF_ERROR(LmdbRewrite::RemoveLeftovers(disk, to));
  // The lock file goes first, as in LmdbRewrite::TakePlace.
  ASSIGN_OR_RETURN(const bool has_lock, disk.Exists(LmdbLockPath(from)));
  if (has_lock) RETURN_IF_ERROR(disk.Rename(LmdbLockPath(from), LmdbLockPath(to)));
  RETURN_IF_ERROR(disk.Rename(from, to));
  return disk.SyncDirectory(runtime::ParentPath(to));
}

}  // namespace backend
