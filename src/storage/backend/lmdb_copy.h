#pragma once

#include <cstdint>

#include "base/callback.h"
#include "base/result.h"
#include "storage/backend/lmdb_environment.h"

struct MDB_txn;

namespace backend {

// Told after each commit to the copy how many bytes of records it has; a failure ends the copying.
using CopyProgress = base::Callback<base::Status(uint64_t copied_bytes)>;

// Copies all records that a read transaction of `from` sees to `to`, which has the same buckets
// and no records, in commits of about 4 MiB. Pages of the copy are full, and few are free.
// kDataLoss, naming the record, if one is damaged.
base::Status CopyRecords(const LmdbEnvironment& from, MDB_txn* transaction, LmdbEnvironment& to,
                         CopyProgress progress);

}  // namespace backend
