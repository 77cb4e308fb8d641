#include "storage/image/reader_source.h"

#include <utility>

#include "storage/backend/stored_record.h"
#include "storage/schema/schema.h"

namespace image {

base::Status ReaderSource::Rewind() {
  run_.reset();
  cursor_.reset();
  next_bucket_ = 0;
  return {};
}

base::Result<std::optional<base::ByteView>> ReaderSource::NextBucket() {
  run_.reset();
  cursor_.reset();
  if (next_bucket_ == buckets_) return std::optional<base::ByteView>();
  const size_t bucket = next_bucket_++;
  cursor_ = reader_.NewCursor(static_cast<backend::BucketId>(bucket));
  RETURN_IF_ERROR(cursor_->Seek({}));
  lent_ = false;
  // etcd does not have it; where it is not used an image is one of etcd.
  const bool is_unused = bucket == schema::Id(schema::Bucket::kV2) && !cursor_->valid();
  if (is_unused) return std::optional<base::ByteView>();
  return std::optional<base::ByteView>(schema::kBucketNames[bucket]);
}

base::Result<std::optional<snap::Record>> ReaderSource::NextRecord() {
  if (cursor_ == nullptr) return std::optional<snap::Record>();
  if (run_) {
    ASSIGN_OR_RETURN(const auto record, run_->Next());
    if (record) return record;
    run_.reset();
  } else if (std::exchange(lent_, false)) {
    RETURN_IF_ERROR(cursor_->Next());
  }
  if (!cursor_->valid()) return std::optional<snap::Record>();
  const base::ByteView key = cursor_->key();
  if (key.size() < backend::kOrderedKeyBytes) {
    lent_ = true;
    return std::optional(snap::Record{key, cursor_->value()});
  }
  run_.emplace(cursor_.get(), key.substr(0, backend::kOrderedKeyBytes), sorted_key_bytes_max_);
  return run_->Next();
}

}  // namespace image
