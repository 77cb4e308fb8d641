#include "storage/backend/lmdb_backend.h"

#include <atomic>
#include <mutex>
#include <utility>
#include <vector>

#include "storage/backend/commit_delta.h"
#include "storage/backend/lmdb_check.h"
#include "storage/backend/lmdb_environment.h"
#include "storage/backend/lmdb_reader.h"
#include "storage/backend/lmdb_rewrite.h"
#include "storage/backend/lmdb_structure.h"
#include "storage/backend/write_failure.h"

namespace backend {
namespace {

// So much may be left to be replayed while commits wait.
constexpr uint64_t kLastDeltaBytes = 1 << 20;

class LmdbBackend final : public Backend {
 public:
  LmdbBackend(runtime::Disk* disk, std::string path, std::span<const std::string_view> buckets,
              const LmdbOptions& options)
      : disk_(*disk),
        path_(std::move(path)),
        buckets_(buckets.begin(), buckets.end()),
        options_(options) {}

  base::Status Open() {
    RETURN_IF_ERROR(LmdbRewrite::RemoveLeftovers(disk_, path_));
    const std::vector<std::string_view> names = bucket_names();
    ASSIGN_OR_RETURN(const bool exists, disk_.Exists(path_));
    RETURN_IF_ERROR(exists ? CheckLmdbFile(disk_, path_, options_.map_bytes)
                           : LmdbRewrite::MakeEmpty(disk_, path_, names, options_));
    ASSIGN_OR_RETURN(environment_, LmdbEnvironment::Open(disk_, path_, names, options_,
                                                         LmdbEnvironment::Sync::kEachCommit));
    return MeasureSizes();
  }

  base::Result<std::unique_ptr<Reader>> NewReader() override {
    return NewLmdbReader(environment(), LmdbEnvironment::Place::kOrdinary);
  }
  base::Result<std::unique_ptr<Reader>> NewReservedReader() override {
    return NewLmdbReader(environment(), LmdbEnvironment::Place::kReserved);
  }
  base::Result<std::unique_ptr<StructureCheck>> NewStructureCheck() override {
    return NewLmdbStructureCheck(environment());
  }

  base::Status Commit(const Batch& batch) override {
    const std::lock_guard lock(commit_mutex_);
    RETURN_IF_ERROR(in_doubt_);
    const base::Status written = environment_->Write(batch);
    if (!written.ok()) return WriteFailure(disk_, path_, written);
    if (delta_ != nullptr) delta_->Add(batch);
    MeasureSizes().IgnoreError();  // the batch is committed, whatever the sizes are
    return {};
  }

  base::Status Defragment(DefragmentProgress progress) override {
    if (defragmenting_.exchange(true)) {
      return base::Status(base::Code::kFailedPrecondition, path_ + ": is being defragmented");
    }
    CommitDelta delta(&disk_, LmdbRewrite::DeltaPath(path_), options_.delta_bytes_max);
    const base::Status status = Rewrite(std::move(progress), &delta);
    SetDelta(nullptr);
    defragmenting_ = false;
    return status;
  }

  Sizes sizes() const override {
    return {.allocated = allocated_.load(std::memory_order_relaxed),
            .in_use = in_use_.load(std::memory_order_relaxed)};
  }

  void GiveUpName() override {
    const std::lock_guard lock(commit_mutex_);
    nameless_ = true;
  }

  size_t open_readers() const override { return environment()->open_readers(); }
  bool ReportDamage(const base::Status& damage) override { return options_.on_damage(damage); }

 private:
  std::vector<std::string_view> bucket_names() const { return {buckets_.begin(), buckets_.end()}; }

  std::shared_ptr<LmdbEnvironment> environment() const {
    const std::lock_guard lock(environment_mutex_);
    return environment_;
  }

  base::Status MeasureSizes() {
    ASSIGN_OR_RETURN(const Sizes sizes, environment_->MeasureSizes());
    allocated_.store(sizes.allocated, std::memory_order_relaxed);
    in_use_.store(sizes.in_use, std::memory_order_relaxed);
    return {};
  }

  bool IsNameless() {
    const std::lock_guard lock(commit_mutex_);
    return nameless_;
  }
  static base::Status Nameless() {
    return {base::Code::kCanceled, "the database was replaced meanwhile"};
  }

  void SetDelta(CommitDelta* delta) {
    const std::lock_guard lock(commit_mutex_);
    delta_ = delta;
  }

  base::Status Rewrite(DefragmentProgress progress, CommitDelta* delta) {
    RETURN_IF_ERROR(LmdbRewrite::CheckRoom(disk_, path_, sizes().in_use));
    if (IsNameless()) return Nameless();
    const std::vector<std::string_view> names = bucket_names();
    ASSIGN_OR_RETURN(const auto rewrite,
                     LmdbRewrite::Begin(&disk_, path_, names, options_, std::move(progress)));
    RETURN_IF_ERROR(CopyFromNow(*rewrite, delta));
    RETURN_IF_ERROR(rewrite->Replay(*delta, kLastDeltaBytes));
    RETURN_IF_ERROR(rewrite->SyncToDisk());
    RETURN_IF_ERROR(rewrite->Replay(*delta, kLastDeltaBytes));
    return Replace(*rewrite, delta);
  }

  // Copies what has been committed, and has the delta keep what is committed from then on.
  base::Status CopyFromNow(LmdbRewrite& rewrite, CommitDelta* delta) {
    std::shared_ptr<LmdbEnvironment> from;
    MDB_txn* transaction = nullptr;
    {
      const std::lock_guard lock(commit_mutex_);
      from = environment_;
      ASSIGN_OR_RETURN(transaction, from->BeginRead(LmdbEnvironment::Place::kReserved));
      delta_ = delta;
    }
    const base::Status copied = rewrite.Copy(*from, transaction, *delta);
    from->EndRead(transaction, LmdbEnvironment::Place::kReserved);
    return copied;
  }

  base::Status Replace(LmdbRewrite& rewrite, CommitDelta* delta) {
    std::shared_ptr<LmdbEnvironment> replaced;  // is closed when commits go on again
    const std::lock_guard lock(commit_mutex_);
    if (nameless_) return Nameless();
    ASSIGN_OR_RETURN(replaced, rewrite.TakePlace(*delta, *environment_));
    {
      const std::lock_guard environment_lock(environment_mutex_);
      replaced.swap(environment_);
    }
    delta_ = nullptr;
    MeasureSizes().IgnoreError();
    in_doubt_ = rewrite.in_doubt();
    return in_doubt_;
  }

  runtime::Disk& disk_;
  const std::string path_;
  const std::vector<std::string> buckets_;
  const LmdbOptions options_;

  std::mutex commit_mutex_;  // locked before environment_mutex_
  mutable std::mutex environment_mutex_;
  // Read under one of the mutexes, written under both.
  std::shared_ptr<LmdbEnvironment> environment_;
  CommitDelta* delta_ = nullptr;  // guarded by commit_mutex_; null unless a copy is being made
  base::Status in_doubt_;         // guarded by commit_mutex_; why nothing can be made durable
  bool nameless_ = false;         // guarded by commit_mutex_; the file at path_ is another one
  std::atomic<bool> defragmenting_ = false;
  std::atomic<uint64_t> allocated_ = 0;
  std::atomic<uint64_t> in_use_ = 0;
};

}  // namespace

base::Result<std::unique_ptr<Backend>> OpenLmdbBackend(runtime::Disk* disk, std::string path,
                                                       std::span<const std::string_view> buckets,
                                                       LmdbOptions options) {
  auto backend = std::make_unique<LmdbBackend>(disk, std::move(path), buckets, options);
  RETURN_IF_ERROR(backend->Open());
  return std::unique_ptr<Backend>(std::move(backend));
}

}  // namespace backend
