#include "storage/backend/lmdb_copy.h"

#include <lmdb.h>

#include <memory>
#include <utility>

#include "base/check.h"
#include "storage/backend/lmdb_value.h"
#include "storage/backend/stored_record.h"

namespace backend {
namespace {

constexpr uint64_t kCommitBytes = 4 << 20;

struct CloseCursor {
  void operator()(MDB_cursor* cursor) const { mdb_cursor_close(cursor); }
};
using CursorPtr = std::unique_ptr<MDB_cursor, CloseCursor>;

CursorPtr OpenCursor(MDB_txn* transaction, MDB_dbi bucket) {
  MDB_cursor* cursor = nullptr;
  CHECK_EQ(mdb_cursor_open(transaction, bucket, &cursor), 0);
  return CursorPtr(cursor);
}

class Copier {
 public:
  Copier(const LmdbEnvironment& from, MDB_txn* transaction, LmdbEnvironment& to,
         CopyProgress progress)
      : from_(from), transaction_(transaction), to_(to), progress_(std::move(progress)) {}

  base::Status CopyBucket(BucketId id) {
    const CursorPtr cursor = OpenCursor(transaction_, from_.bucket(id));
    MDB_val key;
    MDB_val value;
    int error = Get(cursor.get(), &key, &value, MDB_FIRST);
    while (error == 0) {
      ASSIGN_OR_RETURN(MDB_txn* const write, to_.BeginWrite());
      base::Status status = CopyPortion(id, write, cursor.get(), &key, &value, &error);
      if (!status.ok()) {
        to_.AbortWrite(write);
        return status;
      }
      RETURN_IF_ERROR(to_.CommitWrite(write));
      RETURN_IF_ERROR(progress_(copied_bytes_));
    }
    return error == MDB_NOTFOUND ? base::Status() : from_.Failure(error);
  }

 private:
  // From the record that is in `*key` and `*value` on; `*error` says why there is none after it.
  base::Status CopyPortion(BucketId id, MDB_txn* write, MDB_cursor* cursor, MDB_val* key,
                           MDB_val* value, int* error) {
    const CursorPtr copy = OpenCursor(write, to_.bucket(id));
    const uint64_t end = copied_bytes_ + kCommitBytes;
    while (*error == 0 && copied_bytes_ < end) {
      bool is_whole = false;
      const int read = from_.Guard([&] {
        is_whole = ParseStoredRecord(View(*key), View(*value)).has_value();
        return 0;
      });
      if (read != 0) return from_.Failure(read);
      if (!is_whole) return from_.Damaged(id, View(*key));
      const int put = mdb_cursor_put(copy.get(), key, value, MDB_APPEND);
      if (put != 0) return to_.Failure(put);
      copied_bytes_ += key->mv_size + value->mv_size;
      *error = Get(cursor, key, value, MDB_NEXT);
    }
    return {};
  }
  int Get(MDB_cursor* cursor, MDB_val* key, MDB_val* value, MDB_cursor_op operation) const {
    return from_.Guard([&] { return mdb_cursor_get(cursor, key, value, operation); });
  }

  const LmdbEnvironment& from_;
  MDB_txn* const transaction_;
  LmdbEnvironment& to_;
  CopyProgress progress_;
  uint64_t copied_bytes_ = 0;
};

}  // namespace

base::Status CopyRecords(const LmdbEnvironment& from, MDB_txn* transaction, LmdbEnvironment& to,
                         CopyProgress progress) {
  Copier copier(from, transaction, to, std::move(progress));
  for (size_t id = 0; id < from.bucket_count(); ++id) {
    RETURN_IF_ERROR(copier.CopyBucket(static_cast<BucketId>(id)));
  }
  return {};
}

}  // namespace backend
