#pragma once

#include <memory>

#include "base/result.h"
#include "storage/backend/backend.h"
#include "storage/backend/lmdb_environment.h"

namespace backend {

// Looks at what leads to the records of an LMDB file that is open and written meanwhile, as its
// last commit left it: the meta page of that, the trees of free pages and of buckets, and the
// branches of each bucket. As CheckLmdbFile, each page must be there, be of its kind, say its own
// number and hold its nodes within what the page above says; no page may be used twice, or used and
// free; each tree must be as high, and have as many such pages, as its head says. Leaves of buckets
// are counted and not read: whether the keys in a branch are right tells who looks for records.
//
// Holds a reader until it ends, so that the file keeps the pages that it looks at. Memory: a bit
// for each page, the heads and the keys on the way.
base::Result<std::unique_ptr<StructureCheck>> NewLmdbStructureCheck(
    std::shared_ptr<LmdbEnvironment> environment);

}  // namespace backend
