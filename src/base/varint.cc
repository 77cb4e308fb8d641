#include "base/varint.h"

namespace base {

bool ConsumeVarint(ByteView* in, uint64_t* value) {
  uint64_t result = 0;
  const size_t limit = in->size() < kVarintBytesMax ? in->size() : kVarintBytesMax;
  for (size_t i = 0; i < limit; ++i) {
    const auto byte = static_cast<uint8_t>((*in)[i]);
    // The tenth byte holds bit 63 alone.
    if (i == kVarintBytesMax - 1 && byte > 1) return false;
    result |= static_cast<uint64_t>(byte & 0x7f) << (7 * i);
    if (byte < 0x80) {
      in->remove_prefix(i + 1);
      *value = result;
      return true;
    }
  }
  return false;
}

}  // namespace base
