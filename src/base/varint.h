#pragma once

#include <bit>
#include <cstdint>

#include "base/bytes.h"

namespace base {

// Protobuf's base-128 integers, least significant group first.
inline constexpr size_t kVarintBytesMax = 10;

constexpr size_t VarintSize(uint64_t value) {
  return (static_cast<size_t>(std::bit_width(value | 1)) + 6) / 7;
}

// Writes VarintSize(value) bytes at `at`; returns what follows them.
inline char* PutVarint(uint64_t value, char* at) {
  for (; value >= 0x80; value >>= 7) *at++ = static_cast<char>(value | 0x80);
  *at++ = static_cast<char>(value);
  return at;
}

// Reads one integer from the front of `*in` and advances it. False, with `*in` unchanged, if the
// input ends first or the integer does not fit 64 bits.
bool ConsumeVarint(ByteView* in, uint64_t* value);

}  // namespace base
