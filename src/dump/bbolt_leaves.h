#pragma once

#include <cstdint>

#include "base/status.h"
#include "dump/leaf_record.h"
#include "runtime/disk.h"

namespace dump {

// Goes through the pages of a file in bbolt's format, one after another, and tells the records of
// all leaves, also of those that are free, or that nothing leads to. kDataLoss if there is no meta
// page that says how large pages are. Memory: the largest page.
base::Status VisitBboltLeaves(const runtime::File& file, uint64_t file_bytes,
                              const LeafVisitor& visitor);

}  // namespace dump
