#include "base/shared_bytes.h"

#include <cstring>
#include <limits>
#include <new>

#include "base/check.h"

namespace base {

SharedBytes::SharedBytes(ByteView bytes) {
  if (bytes.empty()) return;
  CHECK_LE(bytes.size(), std::numeric_limits<uint32_t>::max());
  void* memory = ::operator new(sizeof(Block) + bytes.size());
  block_ = new (memory) Block{1, static_cast<uint32_t>(bytes.size())};
  std::memcpy(Data(block_), bytes.data(), bytes.size());
}

void SharedBytes::Free(Block* block) {
  block->~Block();
  ::operator delete(block);
}

}  // namespace base
