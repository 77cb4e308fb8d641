#include <cstddef>
#include <cstdint>
#include <string>

#include "base/check.h"
#include "storage/mvcc/key_value.h"
#include "storage/mvcc/revision.h"

// Any bytes as a stored KeyValue: what is read is written again and read as the same.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const base::ByteView input(reinterpret_cast<const char*>(data), size);
  mvcc::ParseRevisionKey(input);
  mvcc::ParseKey(input);
  const auto kv = mvcc::ParseKeyValue(input);
  if (!kv) return 0;
  std::string encoded(mvcc::KeyValueSize(*kv), '\0');
  mvcc::WriteKeyValue(*kv, encoded.data());
  CHECK(mvcc::ParseKeyValue(encoded) == kv);
  CHECK(mvcc::ParseKey(encoded) == kv->key);
  return 0;
}
