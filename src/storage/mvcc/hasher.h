#pragma once

#include <cstdint>

#include "base/bytes.h"
#include "base/crc32c.h"

namespace mvcc {

// HashKV: the checksum that members compare to find out whether they hold the same keys.
struct KeyValueHash {
  uint32_t hash = 0;
  int64_t compact_revision = 0;
  int64_t revision = 0;

  friend bool operator==(const KeyValueHash&, const KeyValueHash&) = default;
};

// CRC-32C over the name of the bucket and the records that count, key and value, in order.
class Hasher {
 public:
  Hasher() : crc_(base::Crc32c("key")) {}
  void Add(base::ByteView key, base::ByteView value) {
    crc_ = base::Crc32c(value, base::Crc32c(key, crc_));
  }
  uint32_t hash() const { return crc_; }

 private:
  uint32_t crc_;
};

}  // namespace mvcc
