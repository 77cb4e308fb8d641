#include "storage/backend/lmdb_batch_writer.h"

#include <lmdb.h>

#include <memory>
#include <vector>

#include "base/check.h"
#include "storage/backend/lmdb_environment.h"
#include "storage/backend/lmdb_value.h"
#include "storage/backend/stored_record.h"

namespace backend {
namespace {

// Writes to one bucket within a transaction. Keys in ascending order past the last one, as those
// of revisions are, fill pages from left to right and leave them full.
class BucketWriter {
 public:
  BucketWriter(LmdbEnvironment* environment, MDB_txn* transaction, MDB_dbi bucket)
      : environment_(*environment) {
    CHECK_EQ(mdb_cursor_open(transaction, bucket, &cursor_), 0);
    MDB_val key;
    MDB_val value;
    if (Get(&key, &value, MDB_LAST) == 0) last_key_ = View(key);
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
    const int error =
        environment_.GuardWrite([&] { return mdb_cursor_put(cursor_, &key_value, &place, flags); });
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
    const int error = Get(&key_value, &value, MDB_SET);
    if (error == MDB_NOTFOUND) return 0;
    if (error != 0) return error;
    return environment_.GuardWrite([&] { return mdb_cursor_del(cursor_, 0); });
  }

 private:
  int Get(MDB_val* key, MDB_val* value, MDB_cursor_op operation) {
    return environment_.GuardWrite([&] { return mdb_cursor_get(cursor_, key, value, operation); });
  }

  LmdbEnvironment& environment_;
  MDB_cursor* cursor_ = nullptr;
  base::Bytes last_key_;
  base::Bytes scratch_;
};

}  // namespace

int WriteBatch(const Batch& batch, LmdbEnvironment& environment, MDB_txn* transaction) {
  std::vector<std::unique_ptr<BucketWriter>> writers(environment.bucket_count());
  for (const Batch::Operation& operation : batch.operations()) {
    auto& writer = writers.at(operation.bucket);
    if (writer == nullptr) {
      writer = std::make_unique<BucketWriter>(&environment, transaction,
                                              environment.bucket(operation.bucket));
    }
    const int error = operation.is_delete
                          ? writer->Delete(batch.key(operation))
                          : writer->Put(batch.key(operation), batch.value(operation));
    if (error != 0) return error;
  }
  return 0;
}

}  // namespace backend
