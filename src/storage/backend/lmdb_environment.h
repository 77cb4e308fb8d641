#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "runtime/disk.h"
#include "storage/backend/backend.h"
#include "storage/backend/batch.h"
#include "storage/backend/lmdb_backend.h"
#include "storage/backend/map_faults.h"

struct MDB_env;
struct MDB_txn;

namespace backend {

// The file beside a database in which LMDB keeps its readers.
std::string LmdbLockPath(const std::string& path);

// One LMDB file that is open, with its buckets. Any thread, one writer at a time; it lives at
// least as long as its readers, and one that was replaced ends in LmdbOptions::close_replaced.
class LmdbEnvironment {
 public:
  enum class Sync {
    kEachCommit,
    kWhenAsked,  // commits are durable only after MakeDurable
    kReadOnly,   // there are none
  };

  static base::Result<std::shared_ptr<LmdbEnvironment>> Open(
      runtime::Disk& disk, std::string path, std::span<const std::string_view> buckets,
      const LmdbOptions& options, Sync sync);
  // The same for a file that nobody writes: it is only read, and there is no file beside it. What
  // is not among its buckets is passed over.
  static base::Result<std::shared_ptr<LmdbEnvironment>> OpenToRead(
      std::string path, std::span<const std::string_view> buckets, uint64_t map_bytes);
  ~LmdbEnvironment();
  LmdbEnvironment(const LmdbEnvironment&) = delete;
  LmdbEnvironment& operator=(const LmdbEnvironment&) = delete;

  // Whether a reader may take a place that is reserved.
  enum class Place { kOrdinary, kReserved };
  // A read transaction, which goes back with EndRead and the same place. kResourceExhausted if all
  // places of the kind are taken.
  base::Result<MDB_txn*> BeginRead(Place place);
  void EndRead(MDB_txn* transaction, Place place);
  size_t open_readers() const { return open_readers_.load(std::memory_order_relaxed); }

  // A write transaction of the one writer. After a failed commit there is nothing to end.
  base::Result<MDB_txn*> BeginWrite();
  base::Status CommitWrite(MDB_txn* transaction);
  void AbortWrite(MDB_txn* transaction);
  // All of the batch as one transaction.
  base::Status Write(const Batch& batch);

  // Makes everything durable that was committed.
  base::Status SyncToDisk();
  // The same, and each commit from now on is durable by itself. Does nothing if commits are not to
  // be synced at all.
  base::Status MakeDurable();

  // As of the last commit.
  base::Result<Sizes> MeasureSizes();

  // The file, which has no name any more, is given back to the disk by pieces once it is closed.
  // `file` is open on it.
  void RemoveByPieces(std::unique_ptr<runtime::File> file) { removed_ = std::move(file); }
  bool IsReplaced() const { return removed_ != nullptr; }

  // For messages only. To be set only while nobody else uses the environment.
  void SetPath(std::string path) { path_ = std::move(path); }

  // Calls a function of LMDB that goes through the file, and returns its error number; that of a
  // damaged file if it meets memory that cannot be read, or what LMDB takes for impossible. `call`
  // must not own anything.
  template <typename Call>
  int Guard(Call call) const {
    int error = DamagedFile();
    Guarded([&] { error = call(); });
    return error;
  }
  // The same within the write transaction, which can only be left alone afterwards.
  template <typename Call>
  int GuardWrite(Call call) {
    int error = 0;
    if (Guarded([&] { error = call(); })) return error;
    is_broken_ = true;
    return DamagedFile();
  }
  // Whether zeros stand for a part of the file: what was read may be wrong.
  bool is_damaged() const { return mapped_ != nullptr && mapped_->is_damaged(); }

  // Whether `bytes`, which LMDB has found, are the file's: a damaged page may say that they lie
  // anywhere.
  bool IsMapped(base::ByteView bytes) const {
    return mapped_ == nullptr || mapped_->Contains(bytes.data(), bytes.size());
  }

  // Copies bytes of the file from this offset on; false if they cannot be read.
  bool CopyFrom(uint64_t offset, uint64_t bytes, base::Bytes* out) const;
  // The number of the last transaction that was committed.
  uint64_t LastTransaction() const;
  static uint64_t PageBytes(MDB_txn* transaction);

  // What LMDB's error number means, naming the file.
  base::Status Failure(int error) const;
  base::Status Damaged(BucketId bucket, base::ByteView stored_key) const;
  base::Status DamagedPage(uint64_t page, std::string_view what) const;

  // LMDB's number of a bucket.
  unsigned bucket(BucketId id) const { return buckets_.at(id); }
  size_t bucket_count() const { return buckets_.size(); }
  const std::string& bucket_name(BucketId id) const { return names_.at(id); }

 private:
  explicit LmdbEnvironment(std::string path) : path_(std::move(path)) {}

  static int DamagedFile();
  // `bucket` is one of the file's.
  base::Status FindMap(base::ByteView bucket, uint64_t map_bytes);

  base::Status OpenFile(const LmdbOptions& options, size_t bucket_count, Sync sync);
  base::Status OpenBuckets(std::span<const std::string_view> buckets);
  base::Status FindBuckets(std::span<const std::string_view> buckets);
  // Creates it if it is not there.
  int OpenBucket(MDB_txn* transaction, std::string_view name, unsigned* bucket, bool* created);
  // Has the transaction say which one it is.
  int SignTransaction(MDB_txn* transaction);
  // Null if there is none.
  base::Result<MDB_txn*> TakeIdleReader(Place place);
  void Leave(Place place);

  std::string path_;
  MDB_env* environment_ = nullptr;
  std::unique_ptr<MappedFile> mapped_;
  bool is_broken_ = false;  // a write met memory that cannot be read; the writer's
  bool syncs_commits_ = true;
  std::unique_ptr<runtime::File> removed_;  // null unless the file is to go with this
  std::vector<std::string> names_;
  std::vector<unsigned> buckets_;
  unsigned own_bucket_ = 0;
  std::mutex mutex_;
  std::vector<MDB_txn*> idle_readers_;  // reset, to be renewed; guarded by mutex_
  size_t ordinary_readers_ = 0;         // guarded by mutex_
  size_t ordinary_readers_max_ = 0;
  std::atomic<size_t> open_readers_ = 0;
};

}  // namespace backend
