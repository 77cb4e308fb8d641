#include "storage/backend/stored_record.h"

#include "base/crc32c.h"
#include "storage/backend/digest.h"

namespace backend {
namespace {

constexpr size_t kDigestKeyBytes = kOrderedKeyBytes + kDigestBytes;
constexpr size_t kKeySizeBytes = 4;
static_assert(kDigestKeyBytes == kPlainKeyBytesMax + 1);

uint32_t RecordCrc(base::ByteView key, base::ByteView value) {
  return base::Crc32c(value, base::Crc32c(key));
}

}  // namespace

base::ByteView StoredKey(base::ByteView key, base::Bytes* scratch) {
  if (key.size() <= kPlainKeyBytesMax) return key;
  *scratch = key.substr(0, kOrderedKeyBytes);
  AppendDigest(key, scratch);
  return *scratch;
}

size_t StoredSuffixSize(base::ByteView key) {
  return kRecordCrcBytes + (key.size() <= kPlainKeyBytesMax ? 0 : key.size() + kKeySizeBytes);
}

void WriteStoredSuffix(base::ByteView key, base::ByteView value, char* out) {
  if (key.size() > kPlainKeyBytesMax) {
    out += key.copy(out, key.size());
    base::Store32Le(out, static_cast<uint32_t>(key.size()));
    out += kKeySizeBytes;
  }
  base::Store32Le(out, RecordCrc(key, value));
}

std::optional<StoredRecord> ParseStoredRecord(base::ByteView stored_key,
                                              base::ByteView stored_value) {
  if (stored_value.size() < kRecordCrcBytes) return std::nullopt;
  StoredRecord record{stored_key, stored_value};
  record.value.remove_suffix(kRecordCrcBytes);
  const uint32_t crc = base::Load32Le(stored_value.data() + record.value.size());
  if (stored_key.size() == kDigestKeyBytes) {
    if (record.value.size() < kKeySizeBytes) return std::nullopt;
    record.value.remove_suffix(kKeySizeBytes);
    const size_t key_bytes = base::Load32Le(record.value.data() + record.value.size());
    if (record.value.size() < key_bytes) return std::nullopt;
    record.key = record.value.substr(record.value.size() - key_bytes);
    record.value.remove_suffix(key_bytes);
  }
  if (crc != RecordCrc(record.key, record.value)) return std::nullopt;
  return record;
}

}  // namespace backend
