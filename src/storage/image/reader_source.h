#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "base/bytes.h"
#include "base/result.h"
#include "storage/backend/backend.h"
#include "storage/image/sorted_run.h"
#include "storage/schema/schema.h"
#include "storage/snap/source.h"

namespace image {

// The whole database as one reader sees it: every bucket of the schema in the order of the names,
// its records in strict bytewise order, values without their checksums. Cursors leave long keys
// that begin with the same bytes unordered; those are sorted here, for which at most
// `sorted_key_bytes_max` of them are held at a time.
class ReaderSource final : public snap::Source {
 public:
  static constexpr size_t kSortedKeyBytesMax = 16 << 20;

  // `reader` outlives this, and has the first `buckets` of the schema.
  explicit ReaderSource(backend::Reader* reader, size_t sorted_key_bytes_max = kSortedKeyBytesMax,
                        size_t buckets = schema::kBucketNames.size())
      : reader_(*reader), sorted_key_bytes_max_(sorted_key_bytes_max), buckets_(buckets) {}

  base::Status Rewind() override;
  base::Result<std::optional<base::ByteView>> NextBucket() override;
  // kDataLoss, naming the record, if one is damaged.
  base::Result<std::optional<snap::Record>> NextRecord() override;

 private:
  backend::Reader& reader_;
  const size_t sorted_key_bytes_max_;
  const size_t buckets_;

  size_t next_bucket_ = 0;
  std::unique_ptr<backend::Cursor> cursor_;  // null before the first bucket and after the last
  bool lent_ = false;                        // what the cursor is at was returned
  std::optional<SortedRun> run_;             // what the cursor is in
};

}  // namespace image
