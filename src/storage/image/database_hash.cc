#include "storage/image/database_hash.h"

#include <utility>

#include "base/crc32c.h"
#include "storage/schema/schema.h"

namespace image {
namespace {

constexpr base::ByteView kMetaBucket = schema::kBucketNames[schema::Id(schema::Bucket::kMeta)];

bool DiffersBetweenMembers(base::ByteView meta_key) {
  return meta_key == schema::kConsistentIndex || meta_key == schema::kTerm ||
         meta_key == schema::kStorageVersion;
}

}  // namespace

DatabaseHash::DatabaseHash(std::unique_ptr<backend::Reader> reader)
    : reader_(std::move(reader)), source_(reader_.get()), hash_(&source_) {}

base::Result<bool> SourceHash::Step(size_t bytes) {
  for (size_t seen = 0; seen < bytes;) {
    if (!within_bucket_) {
      ASSIGN_OR_RETURN(const auto name, source_.NextBucket());
      if (!name) return false;
      within_bucket_ = true;
      in_meta_ = *name == kMetaBucket;
      crc_ = base::Crc32c(*name, crc_);
    }
    ASSIGN_OR_RETURN(const auto record, source_.NextRecord());
    within_bucket_ = record.has_value();
    if (!record) continue;
    seen += record->key.size() + record->value.size();
    if (in_meta_ && DiffersBetweenMembers(record->key)) continue;
    crc_ = base::Crc32c(record->value, base::Crc32c(record->key, crc_));
  }
  return true;
}

}  // namespace image
