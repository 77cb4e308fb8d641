// Entries that another member proposes: those that are let into the log are carried out.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "base/check.h"
#include "raft/codec.h"
#include "raft/confchange.h"
#include "runtime/posix/clock.h"
#include "state/apply/applier.h"
#include "state/apply/request_support.h"
#include "storage/backend/memory_backend.h"
#include "storage/schema/schema.h"

namespace {

// Raft lets no change into the log that its configuration does not allow.
bool IsPossible(const raft::Entry& entry, const apply::State& state) {
  if (entry.type == raft::EntryType::kNormal) return true;
  const auto change = raft::ConfChangeOf(entry);
  return change.ok() && raft::Change(state.configuration(), *change).ok();
}

}  // namespace

// Each entry: its kind, its size in two bytes, and its payload.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const members::Extensions extensions{"admission", "v2"};
  const runtime::posix::Clock clock;
  base::ByteView bytes(reinterpret_cast<const char*>(data), size);
  auto database =
      backend::OpenMemoryBackend(backend::NewMemoryDatabase(schema::kBucketNames.size()));
  apply::Applier applier(
      {.extensions = extensions, .is_awaited = [](uint64_t id) { return id % 2 == 1; }},
      apply::State::Open(std::move(database), {}, &clock).value(), {});
  while (bytes.size() > 3) {
    raft::Entry entry{.term = base::Term(1), .index = applier.applied().index + 1};
    const size_t wanted =
        static_cast<uint8_t>(bytes[1]) * size_t{256} + static_cast<uint8_t>(bytes[2]);
    if (bytes[0] % 8 == 1) entry.type = raft::EntryType::kConfChange;
    bytes.remove_prefix(3);
    const base::ByteView payload = bytes.substr(0, wanted);
    bytes.remove_prefix(payload.size());
    entry.data = base::SharedBytes(base::Bytes(payload));
    if (!apply::CanBeApplied(entry, extensions) || !IsPossible(entry, applier.state())) continue;
    const auto outcome = applier.Apply(entry, clock.Now());
    CHECK(outcome.ok());
  }
  return 0;
}
