#pragma once

namespace runtime::posix {

// Returns to the system what was freed and malloc has kept. For a worker: it may take a tenth of a
// second for each gigabyte, in which threads that share the memory's arena wait for it.
void TrimHeap();

}  // namespace runtime::posix
