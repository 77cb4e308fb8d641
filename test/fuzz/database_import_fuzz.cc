#include <cstddef>
#include <cstdint>
#include <memory>

#include "base/check.h"
#include "runtime/simulated/scheduler.h"
#include "state/apply/state.h"
#include "storage/backend/memory_backend.h"
#include "storage/image/database_import.h"
#include "storage/schema/schema.h"
#include "storage/schema/storage_version.h"
#include "storage/snap/testing/model_source.h"
#include "test/fuzz/bucket_model.h"

// Any records in the buckets of a database of etcd: they are imported and read, or refused, and
// what was read can be hashed. The input is that of fuzz::ModelOf.

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto model = fuzz::ModelOf({reinterpret_cast<const char*>(data), size});
  snap::testing::ModelSource source(&model);
  auto database =
      backend::OpenMemoryBackend(backend::NewMemoryDatabase(schema::kBucketNames.size()));
  if (!image::ImportDatabase(source, *database).ok()) return 0;
  if (!schema::EnsureStorageVersion("3.7.0", database.get()).ok()) return 0;
  runtime::simulated::Scheduler scheduler(1);
  const auto state = apply::State::Open(std::move(database), {}, &scheduler.clock());
  if (!state.ok()) return 0;
  mvcc::Store& store = (*state)->store();
  CHECK(store.revision() >= base::Revision(1));
  const auto hash = store.apply_reads().HashKv(base::Revision(0));
  CHECK(hash.ok() || hash.status().code() != base::Code::kInternal);
  return 0;
}
