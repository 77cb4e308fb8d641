#include "storage/backend/batch.h"

#include <limits>

#include "base/check.h"

namespace backend {

void Batch::Put(BucketId bucket, base::ByteView key, base::ByteView value) {
  CHECK(!key.empty());
  CHECK_LE(value.size(), std::numeric_limits<uint32_t>::max());
  operations_.push_back({.bucket = bucket,
                         .is_delete = false,
                         .key_bytes = static_cast<uint32_t>(key.size()),
                         .value_bytes = static_cast<uint32_t>(value.size()),
                         .offset = arena_.size()});
  arena_.append(key).append(value);
}

void Batch::Delete(BucketId bucket, base::ByteView key) {
  CHECK(!key.empty());
  operations_.push_back({.bucket = bucket,
                         .is_delete = true,
                         .key_bytes = static_cast<uint32_t>(key.size()),
                         .value_bytes = 0,
                         .offset = arena_.size()});
  arena_.append(key);
}

void Batch::Clear() {
  operations_.clear();
  arena_.clear();
}

}  // namespace backend
