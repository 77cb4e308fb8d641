#include "storage/backend/lmdb_file.h"

#include "storage/backend/lmdb_check.h"
#include "storage/backend/lmdb_environment.h"
#include "storage/backend/lmdb_page.h"
#include "storage/backend/lmdb_reader.h"

namespace backend {

base::Result<std::unique_ptr<LmdbFile>> LmdbFile::Open(runtime::Disk& disk, const std::string& path,
                                                       std::span<const std::string_view> buckets,
                                                       size_t required, uint64_t map_bytes) {
  RETURN_IF_ERROR(CheckLmdbFile(disk, path, map_bytes));
  std::vector<std::string_view> names(buckets.begin(), buckets.end());
  names.push_back(lmdb::kOwnBucket);
  std::unique_ptr<LmdbFile> opened(new LmdbFile());
  ASSIGN_OR_RETURN(opened->environment_, LmdbEnvironment::OpenToRead(path, names, map_bytes));
  for (size_t id = 0; id < opened->environment_->bucket_count(); ++id) {
    opened->buckets_.push_back(opened->environment_->bucket_name(static_cast<BucketId>(id)));
  }
  for (size_t id = 0; id < required; ++id) {
    if (id < opened->buckets_.size() && opened->buckets_[id] == buckets[id]) continue;
    return base::Status(base::Code::kNotFound,
                        path + ": there is no bucket " + std::string(buckets[id]));
  }
  return opened;
}

base::Result<std::unique_ptr<Reader>> LmdbFile::NewReader() {
  return NewLmdbReader(environment_, LmdbEnvironment::Place::kOrdinary);
}

}  // namespace backend
