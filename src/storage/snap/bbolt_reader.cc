#include "storage/snap/bbolt_reader.h"

#include <utility>

namespace snap {

base::Result<std::unique_ptr<BboltReader>> BboltReader::Open(const runtime::File* file,
                                                             std::string path,
                                                             uint64_t file_bytes) {
  ASSIGN_OR_RETURN(auto pages, BboltPageReader::Open(file, std::move(path), file_bytes));
  auto reader = std::unique_ptr<BboltReader>(new BboltReader(std::move(pages)));
  RETURN_IF_ERROR(reader->Rewind());
  return reader;
}

base::Status BboltReader::Rewind() {
  pages_.ForgetVisits();
  records_ = BboltTreeCursor(&pages_);
  return buckets_.Start(pages_.meta().buckets.root);
}

base::Result<std::optional<base::ByteView>> BboltReader::NextBucket() {
  ASSIGN_OR_RETURN(const bool found, buckets_.Next());
  if (!found) {
    records_ = BboltTreeCursor(&pages_);
    return std::optional<base::ByteView>();
  }
  RETURN_IF_ERROR(StartRecords(BboltTreeCursor::Direction::kForward));
  return std::optional(buckets_.key());
}

base::Result<bool> BboltReader::StartBackward(base::ByteView name) {
  RETURN_IF_ERROR(Rewind());
  while (true) {
    ASSIGN_OR_RETURN(const bool found, buckets_.Next());
    if (!found) return false;
    if (buckets_.key() == name) break;
  }
  RETURN_IF_ERROR(StartRecords(BboltTreeCursor::Direction::kBackward));
  return true;
}

base::Status BboltReader::StartRecords(BboltTreeCursor::Direction direction) {
  const base::ByteView value = buckets_.value();
  if (buckets_.flags() != kBucketElement) {
    return pages_.Damage(buckets_.page(), "a record outside of all buckets");
  }
  if (value.size() < kBucketBytes) return pages_.Damage(buckets_.page(), "a bucket without a root");
  if (const Bucket bucket = LoadBucket(value); bucket.root != 0) {
    return records_.Start(bucket.root, direction);
  }
  const base::ByteView leaf = value.substr(kBucketBytes);
  if (leaf.size() < kPageHeaderBytes) {
    return pages_.Damage(buckets_.page(), "a bucket without a root");
  }
  return records_.StartInline(BboltTreePage(base::Bytes(leaf)), buckets_.page(), direction);
}

base::Result<std::optional<Record>> BboltReader::NextRecord() {
  ASSIGN_OR_RETURN(const bool found, records_.Next());
  if (!found) return std::optional<Record>();
  if (records_.flags() != 0) return pages_.Damage(records_.page(), "a bucket inside a bucket");
  return std::optional(Record{records_.key(), records_.value()});
}

base::Status BboltReader::Check() {
  RETURN_IF_ERROR(Rewind());
  while (true) {
    ASSIGN_OR_RETURN(const auto bucket, NextBucket());
    if (!bucket) break;
    while (true) {
      ASSIGN_OR_RETURN(const auto record, NextRecord());
      if (!record) break;
    }
  }
  RETURN_IF_ERROR(pages_.CheckFreelist());
  return Rewind();
}

}  // namespace snap
