#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "runtime/disk.h"
#include "storage/backend/backend.h"

namespace backend {

// A database file that nobody writes meanwhile, to be looked at: it is only read, and nothing is
// made beside it. One thread, which blocks on the disk.
class LmdbFile {
 public:
  // Checks the whole file first (lmdb_check.h): kDataLoss. kNotFound if one of the first
  // `required` of `buckets` is not there.
  static base::Result<std::unique_ptr<LmdbFile>> Open(runtime::Disk& disk, const std::string& path,
                                                      std::span<const std::string_view> buckets,
                                                      size_t required, uint64_t map_bytes);

  // Those that were asked for and are there, in their order, and behind them the one that the
  // backend has for itself, if it is there.
  const std::vector<std::string>& buckets() const { return buckets_; }
  // Buckets are numbered by their places in buckets().
  base::Result<std::unique_ptr<Reader>> NewReader();
  base::Result<std::unique_ptr<StructureCheck>> NewStructureCheck();
  base::Result<Sizes> MeasureSizes();
  size_t open_readers() const;

 private:
  LmdbFile() = default;

  std::shared_ptr<class LmdbEnvironment> environment_;
  std::vector<std::string> buckets_;
};

// The same as a backend from which nothing is committed: kFailedPrecondition. Of a bucket that is
// not there nothing is found. It keeps no place in the file for its readers, since there is no
// writer who would have to know of them.
base::Result<std::unique_ptr<Backend>> OpenLmdbToRead(runtime::Disk& disk, const std::string& path,
                                                      std::span<const std::string_view> buckets,
                                                      size_t required, uint64_t map_bytes);

}  // namespace backend
