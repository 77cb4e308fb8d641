#include "storage/backend/lmdb_reader.h"

#include <lmdb.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <utility>

#include "base/check.h"
#include "storage/backend/lmdb_value.h"
#include "storage/backend/stored_record.h"

namespace backend {
namespace {

class LmdbCursor final : public Cursor {
 public:
  // `cursor` is null if there is none for this error.
  LmdbCursor(const LmdbEnvironment& environment, MDB_cursor* cursor, int error, BucketId bucket)
      : environment_(environment), cursor_(cursor), error_(error), bucket_(bucket) {}
  ~LmdbCursor() override {
    if (cursor_ != nullptr) mdb_cursor_close(cursor_);
  }

  base::Status Seek(base::ByteView key) override {
    if (key.empty()) return Move(MDB_FIRST);
    base::Bytes scratch;
    stored_key_ = Value(StoredKey(key, &scratch));
    return Move(MDB_SET_RANGE);
  }
  base::Status SeekToLast() override { return Move(MDB_LAST); }
  base::Status Next() override { return Move(MDB_NEXT); }
  base::Status Previous() override { return Move(MDB_PREV); }
  bool valid() const override { return valid_; }
  base::ByteView key() const override { return record_.key; }
  base::ByteView value() const override { return record_.value; }

  // The records lie all over the mapped file, which is one piece of memory.
  void DropPassed() override {
    if (passed_begin_ >= passed_end_) return;
    const uintptr_t page_bytes = static_cast<uintptr_t>(::sysconf(_SC_PAGESIZE));
    const uintptr_t begin = passed_begin_ / page_bytes * page_bytes;
    CHECK_EQ(::madvise(reinterpret_cast<void*>(begin), passed_end_ - begin, MADV_DONTNEED), 0);
    passed_begin_ = UINTPTR_MAX;
    passed_end_ = 0;
  }

 private:
  base::Status Move(MDB_cursor_op operation) {
    MDB_val stored_value;
    valid_ = false;
    if (cursor_ == nullptr) return environment_.Failure(error_);
    std::optional<StoredRecord> record;
    const int error = environment_.Guard([&] {
      const int moved = mdb_cursor_get(cursor_, &stored_key_, &stored_value, operation);
      if (moved == 0 && !environment_.IsMapped(View(stored_key_))) stored_key_ = {};
      if (moved == 0 && environment_.IsMapped(View(stored_value))) {
        record = ParseStoredRecord(View(stored_key_), View(stored_value));
      }
      return moved;
    });
    if (error == MDB_NOTFOUND && !environment_.is_damaged()) return {};
    if (error != 0) return environment_.Failure(error);
    if (!record) return environment_.Damaged(bucket_, View(stored_key_));
    record_ = *record;
    valid_ = true;
    const auto address = reinterpret_cast<uintptr_t>(stored_value.mv_data);
    passed_begin_ = std::min(passed_begin_, address);
    passed_end_ = std::max(passed_end_, address + stored_value.mv_size);
    return {};
  }

  const LmdbEnvironment& environment_;
  MDB_cursor* const cursor_;
  const int error_;
  const BucketId bucket_;
  MDB_val stored_key_{};
  StoredRecord record_;
  bool valid_ = false;
  uintptr_t passed_begin_ = UINTPTR_MAX;  // values that the cursor was at lie between
  uintptr_t passed_end_ = 0;
};

class LmdbReader final : public Reader {
 public:
  LmdbReader(std::shared_ptr<LmdbEnvironment> environment, MDB_txn* transaction,
             LmdbEnvironment::Place place)
      : environment_(std::move(environment)), transaction_(transaction), place_(place) {}
  ~LmdbReader() override {
    CloseLookup();
    environment_->EndRead(transaction_, place_);
  }

  base::Result<std::optional<base::ByteView>> Get(BucketId bucket, base::ByteView key) override {
    base::Bytes scratch;
    MDB_val stored_key = Value(StoredKey(key, &scratch));
    MDB_val stored_value;
    std::optional<StoredRecord> record;
    const int error = environment_->Guard([&] {
      int found = OpenLookup(bucket);
      if (found == 0) found = mdb_cursor_get(lookup_, &stored_key, &stored_value, MDB_SET);
      if (found == 0 && environment_->IsMapped(View(stored_value))) {
        record = ParseStoredRecord(View(stored_key), View(stored_value));
      }
      return found;
    });
    if (error == MDB_NOTFOUND && !environment_->is_damaged()) {
      return std::optional<base::ByteView>();
    }
    if (error != 0) {
      CloseLookup();  // where it stands is not known
      return environment_->Failure(error);
    }
    if (!record) return environment_->Damaged(bucket, View(stored_key));
    return std::optional<base::ByteView>(record->value);
  }

  std::unique_ptr<Cursor> NewCursor(BucketId bucket) override {
    // Fails after damage that this reader has met: LMDB gives up the transaction.
    MDB_cursor* cursor = nullptr;
    const int error = environment_->Guard(
        [&] { return mdb_cursor_open(transaction_, environment_->bucket(bucket), &cursor); });
    return std::make_unique<LmdbCursor>(*environment_, error == 0 ? cursor : nullptr, error,
                                        bucket);
  }

 private:
  // For another bucket than before it begins anew.
  int OpenLookup(BucketId bucket) {
    if (lookup_ != nullptr && lookup_bucket_ == bucket) return 0;
    CloseLookup();
    lookup_bucket_ = bucket;
    return mdb_cursor_open(transaction_, environment_->bucket(bucket), &lookup_);
  }
  void CloseLookup() {
    if (lookup_ != nullptr) mdb_cursor_close(std::exchange(lookup_, nullptr));
  }

  const std::shared_ptr<LmdbEnvironment> environment_;
  MDB_txn* const transaction_;
  const LmdbEnvironment::Place place_;
  // Why: one that stands in the page of the key, as for keys that were written one after the other,
  // does not go through the tree.
  MDB_cursor* lookup_ = nullptr;
  BucketId lookup_bucket_ = {};
};

}  // namespace

base::Result<std::unique_ptr<Reader>> NewLmdbReader(std::shared_ptr<LmdbEnvironment> environment,
                                                    LmdbEnvironment::Place place) {
  ASSIGN_OR_RETURN(MDB_txn* const transaction, environment->BeginRead(place));
  return std::unique_ptr<Reader>(
      std::make_unique<LmdbReader>(std::move(environment), transaction, place));
}

}  // namespace backend
