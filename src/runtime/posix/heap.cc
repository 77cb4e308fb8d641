#include "runtime/posix/heap.h"

#include <malloc.h>

namespace runtime::posix {

void TrimHeap() {
  ::malloc_trim(0);
}

}  // namespace runtime::posix
