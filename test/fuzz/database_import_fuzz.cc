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

// Any records in the buckets of a database of etcd: they are imported and read, or refused, and
// what was read can be hashed.
//
//   input = { bucket:u8 key_size:u8 value_size:u8 key value }

namespace {

snap::testing::Model ModelOf(base::ByteView input) {
  snap::testing::Model model;
  while (input.size() >= 3) {
    const auto bucket = static_cast<uint8_t>(input[0]) % schema::kBucketNames.size();
    const size_t key_size = static_cast<uint8_t>(input[1]);
    const size_t value_size = static_cast<uint8_t>(input[2]);
    input.remove_prefix(3);
    const base::ByteView key = input.substr(0, key_size);
    input.remove_prefix(key.size());
    const base::ByteView value = input.substr(0, value_size);
    input.remove_prefix(value.size());
    if (key.empty()) continue;
    model[std::string(schema::kBucketNames[bucket])][std::string(key)] = value;
  }
  return model;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto model = ModelOf({reinterpret_cast<const char*>(data), size});
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
