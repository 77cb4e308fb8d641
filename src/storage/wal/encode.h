#pragma once

#include <cstdint>

namespace wal {

// Writes a protobuf varint at `at`, which has room for ten bytes; returns the byte after it.
inline char* PutVarint(uint64_t value, char* at) {
  for (; value >= 0x80; value >>= 7) *at++ = static_cast<char>(value | 0x80);
  *at++ = static_cast<char>(value);
  return at;
}

}  // namespace wal
