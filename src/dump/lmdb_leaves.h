#pragma once

#include <cstdint>

#include "base/status.h"
#include "dump/leaf_record.h"
#include "runtime/disk.h"

namespace dump {

// The same for our database file: the records whose checksums are right, with keys and values as
// they were given. kDataLoss if no meta page says how large pages are. Memory: a page, or the
// largest record.
base::Status VisitLmdbLeaves(const runtime::File& file, uint64_t file_bytes,
                             const LeafVisitor& visitor);

// Whether the file begins as LMDB's do.
bool IsLmdb(const runtime::File& file);

}  // namespace dump
