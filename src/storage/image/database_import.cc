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

base::Status DatabaseFiller::OnBucket(base::ByteView name) {
  ASSIGN_OR_RETURN(const Bucket bucket, FindBucket(name));
  bucket_ = schema::Id(bucket);
  return {};
}

base::Status DatabaseFiller::OnRecord(const snap::Record& record) {
  batch_.Put(bucket_, record.key, record.value);
  return batch_.bytes() < kBatchBytes ? base::Status() : Finish();
}

base::Status DatabaseFiller::Finish() {
  if (batch_.empty()) return {};
  RETURN_IF_ERROR(database_.Commit(batch_));
  batch_.Clear();
  return {};
}

base::Status ImportDatabase(snap::Source& source, backend::Backend& database) {
  RETURN_IF_ERROR(source.Rewind());
  DatabaseFiller filler(&database);
  while (true) {
    ASSIGN_OR_RETURN(const auto name, source.NextBucket());
    if (!name) return filler.Finish();
    RETURN_IF_ERROR(filler.OnBucket(*name));
    while (true) {
      ASSIGN_OR_RETURN(const auto record, source.NextRecord());
      if (!record) break;
      RETURN_IF_ERROR(filler.OnRecord(*record));
    }
  }
}

}  // namespace image
