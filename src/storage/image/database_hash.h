#pragma once

#include <cstdint>
#include <memory>

#include "base/result.h"
#include "storage/backend/backend.h"
#include "storage/image/reader_source.h"
#include "storage/snap/source.h"

namespace image {

// The checksum that Maintenance.Hash answers: CRC-32C over the name of each bucket and the keys
// and values of its records, all in order. Left out are the records of bucket `meta` that differ
// between members which hold the same: consistent_index, term and storageVersion.
// Any thread, one at a time; it is done in steps so that a loop or a worker can look after other
// things, such as being stopped, in between.
class SourceHash {
 public:
  // `source`, at its beginning, outlives this.
  explicit SourceHash(snap::Source* source) : source_(*source) {}

  // Takes in records until they have about `bytes`, at least one. Whether there are more;
  // kDataLoss, naming the record, if one is damaged.
  base::Result<bool> Step(size_t bytes = 1 << 20);
  // Once Step answered that there are no more.
  uint32_t hash() const { return crc_; }

 private:
  snap::Source& source_;
  bool within_bucket_ = false;
  bool in_meta_ = false;
  uint32_t crc_ = 0;
};

// The same of a database. It covers what the reader sees. To answer for a moment, everything that
// was applied until then must have been committed (mvcc::Store::TakeCommit(true) through
// Backend::Commit, until nothing is left to cut) before the reader is taken.
class DatabaseHash {
 public:
  explicit DatabaseHash(std::unique_ptr<backend::Reader> reader);

  base::Result<bool> Step(size_t bytes = 1 << 20) { return hash_.Step(bytes); }
  uint32_t hash() const { return hash_.hash(); }

 private:
  const std::unique_ptr<backend::Reader> reader_;
  ReaderSource source_;
  SourceHash hash_;
};

}  // namespace image
