#pragma once

#include "base/ids.h"
#include "base/result.h"
#include "storage/backend/backend.h"

namespace schema {

// How far the log is covered by the database: the last entry whose changes are all in it.
struct ConsistentIndex {
  base::Index index;  // 0: no entry
  base::Term term;    // 0 if etcd before 3.5 wrote the database

  friend bool operator==(const ConsistentIndex&, const ConsistentIndex&) = default;
};

void PutConsistentIndex(const ConsistentIndex& covered, backend::Batch* batch);

// All zero in a database that has none; kDataLoss if what it has cannot be one.
base::Result<ConsistentIndex> ReadConsistentIndex(backend::Reader& reader);

}  // namespace schema
