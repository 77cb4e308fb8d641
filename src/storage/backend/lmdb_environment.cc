#include "storage/backend/lmdb_environment.h"

#include <lmdb.h>

#include <cstring>
#include <utility>

#include "base/check.h"
#include "runtime/failpoint.h"
#include "storage/backend/lmdb_batch_writer.h"
#include "storage/backend/lmdb_page.h"
#include "storage/backend/lmdb_value.h"
#include "storage/backend/stored_record.h"
#include "storage/backend/too_many_readers.h"

namespace backend {
namespace {

// LMDB's table of free pages is a bucket with this number.
constexpr MDB_dbi kFreePages = 0;
constexpr size_t kIdleReadersMax = 64;
constexpr mdb_mode_t kFileMode = 0600;

std::string Hex(base::ByteView bytes) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (const char byte : bytes) {
    text += kDigits[static_cast<uint8_t>(byte) >> 4];
    text += kDigits[static_cast<uint8_t>(byte) & 15];
  }
  return text;
}

// Each record of the table is a list of page numbers with its length in front.
uint64_t CountFreePages(MDB_cursor* cursor) {
  uint64_t count = 0;
  MDB_val key;
  MDB_val list;
  while (mdb_cursor_get(cursor, &key, &list, MDB_NEXT) == 0) {
    count += base::Load64Le(list.mv_data);
  }
  return count;
}

// LMDB writes to the file through memory: without room on the disk that would be a bus error.
base::Status ReserveLockFile(runtime::Disk& disk, const std::string& path, unsigned readers_max) {
  constexpr uint64_t kReaderBytes = 64;
  constexpr uint64_t kHeadBytes = 8 * kReaderBytes;  // LMDB has 3, and uses what is more
  ASSIGN_OR_RETURN(const bool exists, disk.Exists(path));
  ASSIGN_OR_RETURN(const auto file, disk.Open(path, exists ? runtime::OpenMode::kWrite
                                                           : runtime::OpenMode::kCreate));
  return file->Allocate(kHeadBytes + readers_max * kReaderBytes);
}

}  // namespace

std::string LmdbLockPath(const std::string& path) {
  return path + "-lock";
}

base::Result<std::shared_ptr<LmdbEnvironment>> LmdbEnvironment::Open(
    runtime::Disk& disk, std::string path, std::span<const std::string_view> buckets,
    const LmdbOptions& options, Sync sync) {
  const auto close = [close_replaced = options.close_replaced](LmdbEnvironment* ending) {
    std::unique_ptr<LmdbEnvironment> owned(ending);
    if (!owned->IsReplaced()) return;
    close_replaced([owned = std::move(owned)]() mutable { owned.reset(); });
  };
  std::shared_ptr<LmdbEnvironment> environment(new LmdbEnvironment(std::move(path)), close);
  RETURN_IF_ERROR(ReserveLockFile(disk, LmdbLockPath(environment->path_), options.readers_max));
  RETURN_IF_ERROR(environment->OpenFile(options, buckets.size(), sync));
  RETURN_IF_ERROR(environment->OpenBuckets(buckets));
  RETURN_IF_ERROR(environment->FindMap(lmdb::kOwnBucket, options.map_bytes));
  return environment;
}

base::Result<std::shared_ptr<LmdbEnvironment>> LmdbEnvironment::OpenToRead(
    std::string path, std::span<const std::string_view> buckets, uint64_t map_bytes) {
  std::shared_ptr<LmdbEnvironment> environment(new LmdbEnvironment(std::move(path)));
  LmdbOptions options;
  options.map_bytes = map_bytes;
  RETURN_IF_ERROR(environment->OpenFile(options, buckets.size(), Sync::kReadOnly));
  RETURN_IF_ERROR(environment->FindBuckets(buckets));
  if (environment->names_.empty()) return environment;
  RETURN_IF_ERROR(environment->FindMap(environment->names_.front(), map_bytes));
  return environment;
}

LmdbEnvironment::~LmdbEnvironment() {
  mapped_.reset();
  for (MDB_txn* transaction : idle_readers_) mdb_txn_abort(transaction);
  if (environment_ != nullptr) mdb_env_close(environment_);
  if (removed_ != nullptr) runtime::TruncateByPieces(*removed_, 0).IgnoreError();
}

base::Status LmdbEnvironment::OpenFile(const LmdbOptions& options, size_t bucket_count, Sync sync) {
  CHECK(options.readers_max > kReservedReaders);
  ordinary_readers_max_ = options.readers_max - kReservedReaders;
  int error = mdb_env_create(&environment_);
  if (error == 0) error = mdb_env_set_mapsize(environment_, options.map_bytes);
  if (error == 0) error = mdb_env_set_maxreaders(environment_, options.readers_max);
  if (error == 0) error = mdb_env_set_maxdbs(environment_, static_cast<MDB_dbi>(bucket_count + 1));
  // What LMDB takes for impossible ends the call. Outside of a guarded one, where it does not look
  // at the file, it is a bug, and LMDB aborts.
  const auto on_impossible = [](MDB_env*, const char* what) {
    EndGuarded();
    base::Fatal(std::string("lmdb: check failed: ") + what);
  };
  if (error == 0) error = mdb_env_set_assert(environment_, on_impossible);
  // Readers belong to no thread: they are pooled and may move.
  unsigned flags = MDB_NOSUBDIR | MDB_NOTLS | MDB_NOMEMINIT;
  syncs_commits_ = options.sync;
  if (sync == Sync::kWhenAsked || !options.sync) flags |= MDB_NOSYNC;
  const bool is_read_only = sync == Sync::kReadOnly;
  if (is_read_only) flags |= MDB_RDONLY | MDB_NOLOCK;
  if (error == 0) error = mdb_env_open(environment_, path_.c_str(), flags, kFileMode);
  // Forgets the readers of a process that was killed; they would hold pages back for ever.
  int dead_readers = 0;
  if (error == 0 && !is_read_only) error = mdb_reader_check(environment_, &dead_readers);
  return error == 0 ? base::Status() : Failure(error);
}

base::Status LmdbEnvironment::OpenBuckets(std::span<const std::string_view> buckets) {
  ASSIGN_OR_RETURN(MDB_txn* const transaction, BeginWrite());
  bool created = false;
  int error = OpenBucket(transaction, lmdb::kOwnBucket, &own_bucket_, &created);
  for (const std::string_view bucket : buckets) {
    names_.emplace_back(bucket);
    buckets_.push_back(0);
    if (error == 0) error = OpenBucket(transaction, bucket, &buckets_.back(), &created);
  }
  if (error != 0) {
    AbortWrite(transaction);
    return Failure(error);
  }
  if (created) return CommitWrite(transaction);
  // Nothing is written; the handles stay.
  error = GuardWrite([&] { return mdb_txn_commit(transaction); });
  return error == 0 ? base::Status() : Failure(error);
}

base::Status LmdbEnvironment::FindBuckets(std::span<const std::string_view> buckets) {
  MDB_txn* transaction = nullptr;
  int error = mdb_txn_begin(environment_, nullptr, MDB_RDONLY, &transaction);
  if (error != 0) return Failure(error);
  for (const std::string_view bucket : buckets) {
    const std::string terminated(bucket);
    const char* const text = terminated.c_str();
    unsigned found = 0;
    error = Guard([&] { return mdb_dbi_open(transaction, text, 0, &found); });
    if (error == MDB_NOTFOUND) continue;
    if (error != 0) break;
    names_.emplace_back(bucket);
    buckets_.push_back(found);
  }
  if (error != 0 && error != MDB_NOTFOUND) {
    mdb_txn_abort(transaction);
    return Failure(error);
  }
  // Nothing is written; the handles stay.
  error = mdb_txn_commit(transaction);
  return error == 0 ? base::Status() : Failure(error);
}

int LmdbEnvironment::OpenBucket(MDB_txn* transaction, std::string_view name, unsigned* bucket,
                                bool* created) {
  const std::string terminated(name);
  const char* const text = terminated.c_str();
  const int error = GuardWrite([&] { return mdb_dbi_open(transaction, text, 0, bucket); });
  if (error != MDB_NOTFOUND) return error;
  *created = true;
  return GuardWrite([&] { return mdb_dbi_open(transaction, text, MDB_CREATE, bucket); });
}

int LmdbEnvironment::SignTransaction(MDB_txn* transaction) {
  char number[sizeof(uint64_t)];
  base::Store64Le(number, mdb_txn_id(transaction));
  const base::ByteView number_view(number, sizeof number);
  base::Bytes stored(number_view);
  stored.resize(number_view.size() + StoredSuffixSize(lmdb::kTransactionKey));
  WriteStoredSuffix(lmdb::kTransactionKey, number_view, stored.data() + number_view.size());
  MDB_val key = Value(lmdb::kTransactionKey);
  MDB_val value = Value(stored);
  return GuardWrite([&] { return mdb_put(transaction, own_bucket_, &key, &value, 0); });
}

int LmdbEnvironment::DamagedFile() {
  return MDB_CORRUPTED;
}

// LMDB does not tell where the file is mapped. But each page has its number, and the head of a
// bucket lies in one.
base::Status LmdbEnvironment::FindMap(base::ByteView bucket, uint64_t map_bytes) {
  constexpr MDB_dbi kMainTree = 1;
  ASSIGN_OR_RETURN(MDB_txn* const transaction, BeginRead(Place::kReserved));
  MDB_val key = Value(bucket);
  MDB_val head;
  MDB_stat stat;
  int error = mdb_stat(transaction, kMainTree, &stat);
  if (error == 0) error = Guard([&] { return mdb_get(transaction, kMainTree, &key, &head); });
  if (error == 0) {
    const char* page = static_cast<const char*>(head.mv_data);
    page -= reinterpret_cast<uintptr_t>(page) % stat.ms_psize;
    mapped_ = std::make_unique<MappedFile>(page - base::Load64Le(page) * stat.ms_psize, map_bytes);
  }
  EndRead(transaction, Place::kReserved);
  return error == 0 ? base::Status() : Failure(error);
}

base::Status LmdbEnvironment::Failure(int error) const {
  if (error > 0) return base::ErrnoStatus(error, path_);
  base::Code code = base::Code::kDataLoss;
  if (error == MDB_READERS_FULL) code = base::Code::kResourceExhausted;
  if (error == MDB_MAP_FULL || error == MDB_TXN_FULL) code = base::Code::kOutOfRange;
  return base::Status(code, path_ + ": " + mdb_strerror(error));
}

base::Status LmdbEnvironment::Damaged(BucketId bucket, base::ByteView stored_key) const {
  return base::Status(base::Code::kDataLoss, path_ + ": bucket " + names_[bucket] + ", key " +
                                                 Hex(stored_key) + ": checksum mismatch");
}

base::Status LmdbEnvironment::DamagedPage(uint64_t page, std::string_view what) const {
  return {base::Code::kDataLoss,
          path_ + ": damaged page " + std::to_string(page) + ": " + std::string(what)};
}

bool LmdbEnvironment::CopyFrom(uint64_t offset, uint64_t bytes, base::Bytes* out) const {
  if (mapped_ == nullptr || offset > mapped_->bytes() || bytes > mapped_->bytes() - offset) {
    return false;
  }
  out->resize(bytes);
  char* const to = out->data();
  const char* const from = mapped_->begin() + offset;
  return Guarded([=] { std::memcpy(to, from, bytes); });
}

uint64_t LmdbEnvironment::LastTransaction() const {
  MDB_envinfo info;
  CHECK_EQ(mdb_env_info(environment_, &info), 0);
  return info.me_last_txnid;
}

uint64_t LmdbEnvironment::PageBytes(MDB_txn* transaction) {
  MDB_stat stat;
  CHECK_EQ(mdb_stat(transaction, kFreePages, &stat), 0);
  return stat.ms_psize;
}

base::Result<MDB_txn*> LmdbEnvironment::BeginRead(Place place) {
  ASSIGN_OR_RETURN(MDB_txn * transaction, TakeIdleReader(place));
  const int error = transaction != nullptr
                        ? mdb_txn_renew(transaction)
                        : mdb_txn_begin(environment_, nullptr, MDB_RDONLY, &transaction);
  if (error == 0) {
    open_readers_.fetch_add(1, std::memory_order_relaxed);
    return transaction;
  }
  if (transaction != nullptr) mdb_txn_abort(transaction);
  Leave(place);
  return Failure(error);
}

void LmdbEnvironment::EndRead(MDB_txn* transaction, Place place) {
  open_readers_.fetch_sub(1, std::memory_order_relaxed);
  mdb_txn_reset(transaction);
  {
    const std::lock_guard lock(mutex_);
    if (place == Place::kOrdinary) --ordinary_readers_;
    if (idle_readers_.size() < kIdleReadersMax) {
      idle_readers_.push_back(transaction);
      return;
    }
  }
  mdb_txn_abort(transaction);
}

void LmdbEnvironment::Leave(Place place) {
  const std::lock_guard lock(mutex_);
  if (place == Place::kOrdinary) --ordinary_readers_;
}

// Idle readers keep their places in LMDB's table, and a new place is taken only without an idle
// reader: there are never more places taken than readers were at one time.
base::Result<MDB_txn*> LmdbEnvironment::TakeIdleReader(Place place) {
  const std::lock_guard lock(mutex_);
  if (place == Place::kOrdinary) {
    if (ordinary_readers_ == ordinary_readers_max_) return TooManyReaders();
    ++ordinary_readers_;
  }
  if (idle_readers_.empty()) return static_cast<MDB_txn*>(nullptr);
  MDB_txn* const transaction = idle_readers_.back();
  idle_readers_.pop_back();
  return transaction;
}

base::Result<MDB_txn*> LmdbEnvironment::BeginWrite() {
  if (is_broken_) return Failure(DamagedFile());
  MDB_txn* transaction = nullptr;
  uint64_t last = 0;
  const int error = GuardWrite([&] {
    last = LastTransaction();
    return mdb_txn_begin(environment_, nullptr, 0, &transaction);
  });
  if (error != 0) return Failure(error);
  // LMDB counts in memory, and goes on from whatever is in the file.
  const uint64_t before = mdb_txn_id(transaction) - 1;
  if (last != before) {
    AbortWrite(transaction);
    return base::Status(base::Code::kDataLoss,
                        path_ + ": its last transaction is " + std::to_string(last) + ", not " +
                            std::to_string(before) + ": was it written over?");
  }
  return transaction;
}

base::Status LmdbEnvironment::CommitWrite(MDB_txn* transaction) {
  if (const int error = SignTransaction(transaction); error != 0) {
    AbortWrite(transaction);
    return Failure(error);
  }
  const int error = GuardWrite([&] { return mdb_txn_commit(transaction); });
  return error == 0 ? base::Status() : Failure(error);
}

void LmdbEnvironment::AbortWrite(MDB_txn* transaction) {
  if (!is_broken_) mdb_txn_abort(transaction);
}

base::Status LmdbEnvironment::Write(const Batch& batch) {
  runtime::Reach(runtime::Failpoint::kBeforeStartDbTxn);
  ASSIGN_OR_RETURN(MDB_txn* const transaction, BeginWrite());
  runtime::Reach(runtime::Failpoint::kAfterStartDbTxn);
  runtime::Reach(runtime::Failpoint::kBeforeWritebackBuf);
  const int error = WriteBatch(batch, *this, transaction);
  runtime::Reach(runtime::Failpoint::kAfterWritebackBuf);
  if (error != 0) {
    AbortWrite(transaction);
    return Failure(error);
  }
  runtime::Reach(runtime::Failpoint::kBeforeCommit);
  const base::Status committed = CommitWrite(transaction);
  runtime::Reach(runtime::Failpoint::kAfterCommit);
  return committed;
}

base::Status LmdbEnvironment::SyncToDisk() {
  constexpr int kForce = 1;
  const int error = mdb_env_sync(environment_, kForce);
  return error == 0 ? base::Status() : Failure(error);
}

base::Status LmdbEnvironment::MakeDurable() {
  if (!syncs_commits_) return {};
  RETURN_IF_ERROR(SyncToDisk());
  constexpr int kOff = 0;
  const int error = mdb_env_set_flags(environment_, MDB_NOSYNC, kOff);
  return error == 0 ? base::Status() : Failure(error);
}

base::Result<Sizes> LmdbEnvironment::MeasureSizes() {
  ASSIGN_OR_RETURN(MDB_txn* const transaction, BeginRead(Place::kReserved));
  Sizes sizes;
  MDB_envinfo info;
  MDB_stat stat;
  MDB_cursor* cursor = nullptr;
  int error = mdb_env_info(environment_, &info);
  if (error == 0) error = mdb_stat(transaction, kFreePages, &stat);
  if (error == 0) error = mdb_cursor_open(transaction, kFreePages, &cursor);
  if (error == 0) {
    const uint64_t pages = info.me_last_pgno + 1;
    uint64_t free_pages = 0;
    error = Guard([&] {
      free_pages = CountFreePages(cursor);
      return 0;
    });
    mdb_cursor_close(cursor);
    sizes.allocated = pages * stat.ms_psize;
    sizes.in_use = (pages - free_pages) * stat.ms_psize;
  }
  EndRead(transaction, Place::kReserved);
  if (error != 0) return Failure(error);
  return sizes;
}

}  // namespace backend
