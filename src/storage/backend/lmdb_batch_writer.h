#pragma once

#include "storage/backend/batch.h"

struct MDB_txn;

namespace backend {

class LmdbEnvironment;

// Makes the changes of the batch in a write transaction of the environment. LMDB's error number,
// 0 for none; after an error the transaction can only be aborted.
int WriteBatch(const Batch& batch, LmdbEnvironment& environment, MDB_txn* transaction);

}  // namespace backend
