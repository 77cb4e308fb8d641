#pragma once

#include <cstdint>

namespace runtime::posix {

// Returns to the system what was freed and malloc has kept. For a worker: it may take a tenth of a
// second for each gigabyte, in which threads that share the memory's arena wait for it.
void TrimHeap();

// What malloc has, in bytes.
struct HeapUse {
  uint64_t arena_used = 0;  // of blocks in its arenas
  uint64_t arena_free = 0;  // kept there for later
  uint64_t mapped = 0;      // of blocks that have a mapping of their own
};
// For a worker: it walks over what is free, and threads that share the memory's arena wait for it.
HeapUse MeasureHeap();

}  // namespace runtime::posix
