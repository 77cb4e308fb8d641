#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "storage/backend/backend.h"

namespace backend {

// What a memory backend keeps: it outlives the backend as a file outlives the process, with the
// committed batches and nothing else.
class MemoryDatabase;
std::shared_ptr<MemoryDatabase> NewMemoryDatabase(size_t bucket_count);

// What happens as it may with LMDB. Each is asked before the work is done, on the thread that does
// it, and its error is the outcome; an empty one is not asked.
struct MemoryFaults {
  std::function<base::Status()> on_new_reader = {};
  std::function<base::Status()> on_read = {};  // a value, or a cursor's next record
  std::function<base::Status()> on_commit = {};
  std::function<base::Status()> on_defragment = {};
  std::function<Sizes()> sizes = {};  // that are told instead of those that it has
};

struct MemoryOptions {
  // As LmdbOptions: readers at one time, kReservedReaders of which are not for everybody.
  size_t readers_max = kReadersMax;
  MemoryFaults faults = {};
  OnDamage on_damage = [](const base::Status&) { return false; };
};

// Opens it; any number of backends one after another.
std::unique_ptr<Backend> OpenMemoryBackend(std::shared_ptr<MemoryDatabase> database,
                                           MemoryOptions options = {});

}  // namespace backend
