#pragma once

#include <cstdint>

#include "base/bytes.h"

namespace base {

// CRC-32C (Castagnoli), with the initial and final inversion of RFC 3720 applied, so that
// Crc32c(b, Crc32c(a)) == Crc32c(a + b). Equal to Go's crc32.Update with the Castagnoli table.
uint32_t Crc32c(ByteView data, uint32_t crc = 0);

namespace internal {
// The table-driven form, used where the processor has no instruction for it.
uint32_t Crc32cPortable(ByteView data, uint32_t crc);
}  // namespace internal

}  // namespace base
