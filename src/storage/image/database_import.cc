#include "storage/image/database_import.h"

#include <algorithm>
#include <string>

#include "storage/schema/schema.h"

namespace image {
namespace {

using schema::Bucket;

constexpr size_t kBatchBytes = 4 << 20;

base::Status Unsupported(std::string_view what) {
  return {base::Code::kFailedPrecondition,
          "a database with " + std::string(what) + " is not supported by this version"};
}

base::Result<Bucket> FindBucket(base::ByteView name) {
  const auto* const found =
      std::find(schema::kBucketNames.begin(), schema::kBucketNames.end(), name);
  if (found == schema::kBucketNames.end()) {
    return Unsupported("a bucket \"" + std::string(name.substr(0, 100)) + "\"");
  }
  return static_cast<Bucket>(found - schema::kBucketNames.begin());
}

}  // namespace

base::Status ImportDatabase(snap::Source& source, backend::Backend& database) {
  RETURN_IF_ERROR(source.Rewind());
  backend::Batch batch;
  while (true) {
    ASSIGN_OR_RETURN(const auto name, source.NextBucket());
    if (!name) break;
    ASSIGN_OR_RETURN(const Bucket bucket, FindBucket(*name));
    while (true) {
      ASSIGN_OR_RETURN(const auto record, source.NextRecord());
      if (!record) break;
      batch.Put(schema::Id(bucket), record->key, record->value);
      if (batch.bytes() < kBatchBytes) continue;
      RETURN_IF_ERROR(database.Commit(batch));
      batch.Clear();
    }
  }
  return batch.empty() ? base::Status() : database.Commit(batch);
}

}  // namespace image
