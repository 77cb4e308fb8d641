#pragma once

#include <cstdint>
#include <optional>

#include "base/bytes.h"
#include "base/ids.h"

// mvccpb.KeyValue, as it is stored and hashed. Its bytes are part of HashKV, which members of a
// cluster compare: fields in the order of their numbers, zero and empty ones left out.
//
//   { 1: key, 2: create_revision, 3: mod_revision, 4: version, 5: value, 6: lease }
//
// That of a deletion has only the key.

namespace mvcc {

struct KeyValueField {
  enum : uint32_t {
    kKey = 1,
    kCreateRevision = 2,
    kModRevision = 3,
    kVersion = 4,
    kValue = 5,
    kLease = 6
  };
};

struct KeyValue {
  base::ByteView key = {};
  int64_t create_revision = 0;
  int64_t mod_revision = 0;
  int64_t version = 0;
  base::ByteView value = {};
  base::LeaseId lease = {};

  friend bool operator==(const KeyValue&, const KeyValue&) = default;
};

size_t KeyValueSize(const KeyValue& kv);
// Writes KeyValueSize(kv) bytes at `out`.
void WriteKeyValue(const KeyValue& kv, char* out);

// Fields in any order; views borrow from `encoded`. Nothing for bytes that are no KeyValue.
std::optional<KeyValue> ParseKeyValue(base::ByteView encoded);
// The key alone, cheaply where it comes first as WriteKeyValue puts it.
std::optional<base::ByteView> ParseKey(base::ByteView encoded);

}  // namespace mvcc
