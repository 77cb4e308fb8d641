// The store of a `.snap` file of etcd, as it may lie on disk: what is taken of it a start believes.

#include <cstddef>
#include <cstdint>

#include "base/check.h"
#include "state/v2/etcd_tree.h"
#include "state/v2/store.h"
#include "storage/backend/memory_backend.h"
#include "storage/schema/schema.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  backend::Batch batch;
  const std::string_view json(reinterpret_cast<const char*>(data), size);
  if (!v2::PutEtcdTree(json, &batch).ok()) return 0;
  const auto database =
      backend::OpenMemoryBackend(backend::NewMemoryDatabase(schema::kBucketNames.size()));
  CHECK(database->Commit(batch).ok());
  backend::WriteBuffer buffer({}, [](base::Index, base::Term, backend::Batch*) {});
  const auto store = v2::Store::Load(*database->NewReader().value(), &buffer);
  CHECK(store.ok() && (*store)->begun());
  return 0;
}
