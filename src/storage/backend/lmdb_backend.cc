#include "storage/backend/lmdb_backend.h"

#include <lmdb.h>

#include <atomic>
#include <mutex>
#include <utility>
#include <vector>

#include "base/check.h"
#include "storage/backend/stored_record.h"

namespace backend {
namespace {

// LMDB's table of free pages is a bucket with this number.
constexpr MDB_dbi kFreePages = 0;
constexpr size_t kIdleReadersMax = 64;
constexpr mdb_mode_t kFileMode = 0600;

base::ByteView View(const MDB_val& value) {
  return {static_cast<const char*>(value.mv_data), value.mv_size};
}

MDB_val Value(base::ByteView bytes) {
  return {bytes.size(), const_cast<char*>(bytes.data())};
}

base::Status LmdbStatus(int error, std::string_view path) {
  if (error > 0) return base::ErrnoStatus(error, path);
  base::Code code = base::Code::kDataLoss;
  if (error == MDB_MAP_FULL || error == MDB_READERS_FULL || error == MDB_TXN_FULL) {
    code = base::Code::kResourceExhausted;
  }
  return base::Status(code, std::string(path).append(": ").append(mdb_strerror(error)));
}

std::string Hex(base::ByteView bytes) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (const char byte : bytes) {
    text += kDigits[static_cast<uint8_t>(byte) >> 4];
    text += kDigits[static_cast<uint8_t>(byte) & 15];
  }
  return text;
}

// The file and what is common to its readers and the writer.
class Environment {
 public:
  explicit Environment(std::string path) : path_(std::move(path)) {}
  ~Environment() {
    for (MDB_txn* transaction : idle_readers_) mdb_txn_abort(transaction);
    if (environment_ != nullptr) mdb_env_close(environment_);
  }
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;

  base::Status Open(std::span<const std::string_view> buckets, const LmdbOptions& options) {
    int error = mdb_env_create(&environment_);
    if (error == 0) error = mdb_env_set_mapsize(environment_, options.map_bytes);
    if (error == 0) error = mdb_env_set_maxreaders(environment_, options.readers_max);
    if (error == 0) error = mdb_env_set_maxdbs(environment_, static_cast<MDB_dbi>(buckets.size()));
    // Readers belong to no thread: they are pooled and may move.
    const unsigned flags = MDB_NOSUBDIR | MDB_NOTLS | MDB_NOMEMINIT;
    if (error == 0) error = mdb_env_open(environment_, path_.c_str(), flags, kFileMode);
    // Forgets the readers of a process that was killed; they would hold pages back for ever.
    int dead_readers = 0;
    if (error == 0) error = mdb_reader_check(environment_, &dead_readers);
    return error == 0 ? OpenBuckets(buckets) : Failure(error);
  }

  base::Status Failure(int error) const { return LmdbStatus(error, path_); }
  base::Status Damaged(BucketId bucket, base::ByteView stored_key) const {
    return base::Status(base::Code::kDataLoss, path_ + ": bucket " + names_[bucket] + ", key " +
                                                   Hex(stored_key) + ": checksum mismatch");
  }
  MDB_env* get() const { return environment_; }
  MDB_dbi bucket(BucketId id) const { return buckets_.at(id); }
  size_t bucket_count() const { return buckets_.size(); }

  base::Result<MDB_txn*> BeginRead() {
    MDB_txn* transaction = TakeIdleReader();
    const int error = transaction != nullptr
                          ? mdb_txn_renew(transaction)
                          : mdb_txn_begin(environment_, nullptr, MDB_RDONLY, &transaction);
    if (error == 0) return transaction;
    if (transaction != nullptr) mdb_txn_abort(transaction);
    return Failure(error);
  }
  void EndRead(MDB_txn* transaction) {
    mdb_txn_reset(transaction);
    {
      const std::lock_guard lock(mutex_);
      if (idle_readers_.size() < kIdleReadersMax) {
        idle_readers_.push_back(transaction);
        return;
      }
    }
    mdb_txn_abort(transaction);
  }

 private:
  base::Status OpenBuckets(std::span<const std::string_view> buckets) {
    MDB_txn* transaction = nullptr;
    int error = mdb_txn_begin(environment_, nullptr, 0, &transaction);
    if (error != 0) return Failure(error);
    for (const std::string_view bucket : buckets) {
      const std::string& name = names_.emplace_back(bucket);
      MDB_dbi handle = 0;
      error = mdb_dbi_open(transaction, name.c_str(), MDB_CREATE, &handle);
      if (error != 0) {
        mdb_txn_abort(transaction);
        return Failure(error);
      }
      buckets_.push_back(handle);
    }
    error = mdb_txn_commit(transaction);
    return error == 0 ? base::Status() : Failure(error);
  }

  MDB_txn* TakeIdleReader() {
    const std::lock_guard lock(mutex_);
    if (idle_readers_.empty()) return nullptr;
    MDB_txn* const transaction = idle_readers_.back();
    idle_readers_.pop_back();
    return transaction;
  }

  const std::string path_;
  MDB_env* environment_ = nullptr;
  std::vector<std::string> names_;
  std::vector<MDB_dbi> buckets_;
  std::mutex mutex_;
  std::vector<MDB_txn*> idle_readers_;  // reset, to be renewed; guarded by mutex_
};

class LmdbCursor final : public Cursor {
 public:
  LmdbCursor(const Environment& environment, MDB_cursor* cursor, BucketId bucket)
      : environment_(environment), cursor_(cursor), bucket_(bucket) {}
  ~LmdbCursor() override { mdb_cursor_close(cursor_); }

  base::Status Seek(base::ByteView key) override {
    if (key.empty()) return Move(MDB_FIRST);
    base::Bytes scratch;
    stored_key_ = Value(StoredKey(key, &scratch));
    return Move(MDB_SET_RANGE);
  }
  base::Status SeekToLast() override { return Move(MDB_LAST); }
  base::Status Next() override { return Move(MDB_NEXT); }
  bool valid() const override { return valid_; }
  base::ByteView key() const override { return record_.key; }
  base::ByteView value() const override { return record_.value; }

 private:
  base::Status Move(MDB_cursor_op operation) {
    MDB_val stored_value;
    valid_ = false;
    const int error = mdb_cursor_get(cursor_, &stored_key_, &stored_value, operation);
    if (error == MDB_NOTFOUND) return {};
    if (error != 0) return environment_.Failure(error);
    const auto record = ParseStoredRecord(View(stored_key_), View(stored_value));
    if (!record) return environment_.Damaged(bucket_, View(stored_key_));
    record_ = *record;
    valid_ = true;
    return {};
  }

  const Environment& environment_;
  MDB_cursor* const cursor_;
  const BucketId bucket_;
  MDB_val stored_key_{};
  StoredRecord record_;
  bool valid_ = false;
};

class LmdbReader final : public Reader {
 public:
  LmdbReader(Environment* environment, MDB_txn* transaction)
      : environment_(environment), transaction_(transaction) {}
  ~LmdbReader() override { environment_->EndRead(transaction_); }

  base::Result<std::optional<base::ByteView>> Get(BucketId bucket, base::ByteView key) override {
    base::Bytes scratch;
    MDB_val stored_key = Value(StoredKey(key, &scratch));
    MDB_val stored_value;
    const int error =
        mdb_get(transaction_, environment_->bucket(bucket), &stored_key, &stored_value);
    if (error == MDB_NOTFOUND) return std::optional<base::ByteView>();
    if (error != 0) return environment_->Failure(error);
    const auto record = ParseStoredRecord(View(stored_key), View(stored_value));
    if (!record) return environment_->Damaged(bucket, View(stored_key));
    return std::optional<base::ByteView>(record->value);
  }

  std::unique_ptr<Cursor> NewCursor(BucketId bucket) override {
    MDB_cursor* cursor = nullptr;
    CHECK_EQ(mdb_cursor_open(transaction_, environment_->bucket(bucket), &cursor), 0);
    return std::make_unique<LmdbCursor>(*environment_, cursor, bucket);
  }

 private:
  Environment* const environment_;
  MDB_txn* const transaction_;
};

// Writes to one bucket within a transaction. Keys in ascending order past the last one, as those
// of revisions are, fill pages from left to right and leave them full.
class BucketWriter {
 public:
  BucketWriter(MDB_txn* transaction, MDB_dbi bucket) {
    CHECK_EQ(mdb_cursor_open(transaction, bucket, &cursor_), 0);
    MDB_val key;
    MDB_val value;
    if (mdb_cursor_get(cursor_, &key, &value, MDB_LAST) == 0) last_key_ = View(key);
  }
  ~BucketWriter() { mdb_cursor_close(cursor_); }
  BucketWriter(const BucketWriter&) = delete;
  BucketWriter& operator=(const BucketWriter&) = delete;

  int Put(base::ByteView key, base::ByteView value) {
    const base::ByteView stored_key = StoredKey(key, &scratch_);
    const bool appends = stored_key > base::ByteView(last_key_);
    MDB_val key_value = Value(stored_key);
    MDB_val place{value.size() + StoredSuffixSize(key), nullptr};
    const unsigned flags = MDB_RESERVE | (appends ? MDB_APPEND : 0U);
    const int error = mdb_cursor_put(cursor_, &key_value, &place, flags);
    if (error != 0) return error;
    auto* const out = static_cast<char*>(place.mv_data);
    value.copy(out, value.size());
    WriteStoredSuffix(key, value, out + value.size());
    if (appends) last_key_ = stored_key;
    return 0;
  }

  // `last_key_` may stay above the last key that is left: then puts do not append.
  int Delete(base::ByteView key) {
    MDB_val key_value = Value(StoredKey(key, &scratch_));
    MDB_val value;
    const int error = mdb_cursor_get(cursor_, &key_value, &value, MDB_SET);
    if (error == MDB_NOTFOUND) return 0;
    return error == 0 ? mdb_cursor_del(cursor_, 0) : error;
  }

 private:
  MDB_cursor* cursor_ = nullptr;
  base::Bytes last_key_;
  base::Bytes scratch_;
};

class LmdbBackend final : public Backend {
 public:
  explicit LmdbBackend(std::unique_ptr<Environment> environment)
      : environment_(std::move(environment)) {}

  base::Result<std::unique_ptr<Reader>> NewReader() override {
    ASSIGN_OR_RETURN(MDB_txn * transaction, environment_->BeginRead());
    return std::unique_ptr<Reader>(std::make_unique<LmdbReader>(environment_.get(), transaction));
  }

  base::Status Commit(const Batch& batch) override {
    MDB_txn* transaction = nullptr;
    int error = mdb_txn_begin(environment_->get(), nullptr, 0, &transaction);
    if (error != 0) return environment_->Failure(error);
    error = Write(batch, transaction);
    if (error != 0) {
      mdb_txn_abort(transaction);
      return environment_->Failure(error);
    }
    error = mdb_txn_commit(transaction);
    return error == 0 ? MeasureSizes() : environment_->Failure(error);
  }

  Sizes sizes() const override {
    return {.allocated = allocated_.load(std::memory_order_relaxed),
            .in_use = in_use_.load(std::memory_order_relaxed)};
  }

  base::Status MeasureSizes() {
    ASSIGN_OR_RETURN(MDB_txn * transaction, environment_->BeginRead());
    MDB_envinfo info;
    MDB_stat stat;
    MDB_cursor* cursor = nullptr;
    int error = mdb_env_info(environment_->get(), &info);
    if (error == 0) error = mdb_stat(transaction, kFreePages, &stat);
    if (error == 0) error = mdb_cursor_open(transaction, kFreePages, &cursor);
    if (error == 0) {
      const uint64_t pages = info.me_last_pgno + 1;
      const uint64_t free_pages = CountFreePages(cursor);
      mdb_cursor_close(cursor);
      allocated_.store(pages * stat.ms_psize, std::memory_order_relaxed);
      in_use_.store((pages - free_pages) * stat.ms_psize, std::memory_order_relaxed);
    }
    environment_->EndRead(transaction);
    return error == 0 ? base::Status() : environment_->Failure(error);
  }

 private:
  int Write(const Batch& batch, MDB_txn* transaction) {
    std::vector<std::unique_ptr<BucketWriter>> writers(environment_->bucket_count());
    for (const Batch::Operation& operation : batch.operations()) {
      auto& writer = writers.at(operation.bucket);
      if (writer == nullptr) {
        writer =
            std::make_unique<BucketWriter>(transaction, environment_->bucket(operation.bucket));
      }
      const int error = operation.is_delete
                            ? writer->Delete(batch.key(operation))
                            : writer->Put(batch.key(operation), batch.value(operation));
      if (error != 0) return error;
    }
    return 0;
  }

  // Each record of the table is a list of page numbers with its length in front.
  static uint64_t CountFreePages(MDB_cursor* cursor) {
    uint64_t count = 0;
    MDB_val key;
    MDB_val list;
    while (mdb_cursor_get(cursor, &key, &list, MDB_NEXT) == 0) {
      count += base::Load64Le(list.mv_data);
    }
    return count;
  }

  const std::unique_ptr<Environment> environment_;
  std::atomic<uint64_t> allocated_ = 0;
  std::atomic<uint64_t> in_use_ = 0;
};

}  // namespace

base::Result<std::unique_ptr<Backend>> OpenLmdbBackend(std::string path,
                                                       std::span<const std::string_view> buckets,
                                                       LmdbOptions options) {
  auto environment = std::make_unique<Environment>(std::move(path));
  RETURN_IF_ERROR(environment->Open(buckets, options));
  auto backend = std::make_unique<LmdbBackend>(std::move(environment));
  RETURN_IF_ERROR(backend->MeasureSizes());
  return std::unique_ptr<Backend>(std::move(backend));
}

}  // namespace backend
