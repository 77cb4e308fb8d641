#pragma once

#include <optional>

#include "base/bytes.h"

// How a record is kept in the database:
//
//   key   = the key, if it has at most 510 bytes
//         | the key's first 479 bytes, SHA-256 of the key             (511 bytes in all)
//   value = the value, crc
//         | the value, the key, size of the key as 4 bytes, crc       (if the key has 511 bytes)
//   crc   = CRC-32C of the key as given and the value, 4 bytes
//
// Integers are little-endian. LMDB takes keys of at most 511 bytes; names of users and roles may
// be longer.

namespace backend {

inline constexpr size_t kPlainKeyBytesMax = 510;
// Kept keys are in the order of the keys as far as these first bytes of them tell.
inline constexpr size_t kOrderedKeyBytes = 479;
inline constexpr size_t kRecordCrcBytes = 4;

// The key as it is kept. `*scratch` holds it if it is not `key` itself.
base::ByteView StoredKey(base::ByteView key, base::Bytes* scratch);

// The bytes that the kept value of `key` has beyond the value itself.
size_t StoredSuffixSize(base::ByteView key);
// Writes them at `out`.
void WriteStoredSuffix(base::ByteView key, base::ByteView value, char* out);

struct StoredRecord {
  base::ByteView key;
  base::ByteView value;
};
// The record as it was given, borrowed from both; nothing if the checksum does not fit.
std::optional<StoredRecord> ParseStoredRecord(base::ByteView stored_key,
                                              base::ByteView stored_value);

}  // namespace backend
