// Records of the tree, as they may lie in the database: a start believes them, or fails.

#include <cstddef>
#include <cstdint>
#include <string>

#include "base/check.h"
#include "state/v2/records.h"
#include "state/v2/store.h"
#include "storage/backend/memory_backend.h"
#include "storage/schema/schema.h"

// Each record: the sizes of key and value, a byte each, and both.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  base::ByteView bytes(reinterpret_cast<const char*>(data), size);
  const auto database =
      backend::OpenMemoryBackend(backend::NewMemoryDatabase(schema::kBucketNames.size()));
  backend::Batch batch;
  while (bytes.size() > 2) {
    const auto key_size = static_cast<uint8_t>(bytes[0]);
    const auto value_size = static_cast<uint8_t>(bytes[1]);
    bytes.remove_prefix(2);
    const base::ByteView key = bytes.substr(0, key_size);
    bytes.remove_prefix(key.size());
    const base::ByteView value = bytes.substr(0, value_size);
    bytes.remove_prefix(value.size());
    if (!key.empty()) batch.Put(schema::Id(schema::Bucket::kV2), key, value);
  }
  CHECK(database->Commit(batch).ok());
  backend::WriteBuffer buffer({}, [](base::Index, base::Term, backend::Batch*) {});
  const auto store = v2::Store::Load(*database->NewReader().value(), &buffer);
  if (!store.ok()) return 0;
  while ((*store)->EraseLeftovers(1)) {
  }
  return 0;
}
