#pragma once

#include <cstdint>
#include <memory>

#include "storage/backend/backend.h"

namespace backend {

// What a memory backend keeps: it outlives the backend as a file outlives the process, with the
// committed batches and nothing else.
class MemoryDatabase;
std::shared_ptr<MemoryDatabase> NewMemoryDatabase(size_t bucket_count);

// Opens it; any number of backends one after another.
std::unique_ptr<Backend> OpenMemoryBackend(std::shared_ptr<MemoryDatabase> database);

}  // namespace backend
