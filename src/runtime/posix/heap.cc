#include "runtime/posix/heap.h"

#include <malloc.h>

namespace runtime::posix {

void TrimHeap() {
  ::malloc_trim(0);
}

HeapUse MeasureHeap() {
  const struct mallinfo2 info = ::mallinfo2();
  return {.arena_used = info.uordblks, .arena_free = info.fordblks, .mapped = info.hblkhd};
}

}  // namespace runtime::posix
