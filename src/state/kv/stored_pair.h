#pragma once

#include "base/bytes.h"
#include "base/result.h"
#include "storage/mvcc/key_value.h"

namespace kv {

// A pair as it is stored; views borrow from `encoded`. kDataLoss for bytes that are none.
inline base::Result<mvcc::KeyValue> ParsePair(base::ByteView encoded) {
  const std::optional<mvcc::KeyValue> kv = mvcc::ParseKeyValue(encoded);
  if (kv.has_value()) return *kv;
  return base::Status(base::Code::kDataLoss, "bucket key: a stored pair cannot be decoded");
}

}  // namespace kv
