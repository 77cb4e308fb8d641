#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "storage/snap/bbolt_reader.h"
#include "storage/snap/source.h"

namespace utl {

// What `etcdutl snapshot status` says of a file.
struct SnapshotStatus {
  uint32_t hash = 0;         // CRC-32C over the names of the buckets and all records, in order
  int64_t revision = 0;      // of the last change
  uint64_t total_keys = 0;   // that are there at that revision
  uint64_t total_bytes = 0;  // of the database; the file may be longer
  std::string version;       // of its schema; empty before 3.6
};

// Reads all of it; kDataLoss, saying what is wrong, if it cannot be believed. In memory: the keys
// that are there. Blocks.
base::Result<SnapshotStatus> ReadSnapshotStatus(snap::BboltReader& reader);
// The same of any database, but for total_bytes.
base::Result<SnapshotStatus> CountRecords(snap::Source& source);

}  // namespace utl
