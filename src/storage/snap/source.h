#pragma once

#include <optional>

#include "base/bytes.h"
#include "base/result.h"

namespace snap {

struct Record {
  base::ByteView key;
  base::ByteView value;
};

// Buckets and their records, as one moment of a database has them, walked forward:
//
//   Rewind { NextBucket { NextRecord } }
//
// Buckets come in the order of their names, the records of each in the order of their keys;
// orders are bytewise and strict. After each Rewind the same buckets and records come. One thread
// at a time. A call that failed leaves nothing to do but Rewind.
class Source {
 public:
  virtual ~Source() = default;
  // To before the first bucket.
  virtual base::Status Rewind() = 0;
  // The name of the next bucket, whether or not the records of this one were all asked for;
  // nothing after the last. Borrowed until the next NextBucket or Rewind.
  virtual base::Result<std::optional<base::ByteView>> NextBucket() = 0;
  // The next record of the bucket; nothing after its last. Borrowed until the next call.
  virtual base::Result<std::optional<Record>> NextRecord() = 0;
};

}  // namespace snap
