#pragma once

#include <cstdint>

#include "base/bytes.h"

namespace base {

// Protobuf's base-128 integers, least significant group first.
inline constexpr size_t kVarintBytesMax = 10;

size_t VarintSize(uint64_t value);

void AppendVarint(uint64_t value, Bytes* out);

// Reads one integer from the front of `*in` and advances it. False, with `*in` unchanged, if the
// input ends first or the integer does not fit 64 bits.
bool ConsumeVarint(ByteView* in, uint64_t* value);

}  // namespace base
