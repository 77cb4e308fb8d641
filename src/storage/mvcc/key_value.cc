#include "storage/mvcc/key_value.h"

#include "base/varint.h"
#include "base/wire.h"

namespace mvcc {
namespace {

constexpr char kKeyTag = 1 << 3 | 2;
constexpr char kCreateRevisionTag = 2 << 3;
constexpr char kModRevisionTag = 3 << 3;
constexpr char kVersionTag = 4 << 3;
constexpr char kValueTag = 5 << 3 | 2;
constexpr char kLeaseTag = 6 << 3;

size_t NumberSize(int64_t number) {
  return number == 0 ? 0 : 1 + base::VarintSize(static_cast<uint64_t>(number));
}

size_t BytesSize(base::ByteView bytes) {
  return bytes.empty() ? 0 : 1 + base::VarintSize(bytes.size()) + bytes.size();
}

char* PutVarint(uint64_t value, char* out) {
  for (; value >= 0x80; value >>= 7) *out++ = static_cast<char>(value | 0x80);
  *out++ = static_cast<char>(value);
  return out;
}

char* PutNumber(char tag, int64_t number, char* out) {
  if (number == 0) return out;
  *out++ = tag;
  return PutVarint(static_cast<uint64_t>(number), out);
}

char* PutBytes(char tag, base::ByteView bytes, char* out) {
  if (bytes.empty()) return out;
  *out++ = tag;
  out = PutVarint(bytes.size(), out);
  return out + bytes.copy(out, bytes.size());
}

int64_t Signed(uint64_t number) {
  return static_cast<int64_t>(number);
}

}  // namespace

size_t KeyValueSize(const KeyValue& kv) {
  return BytesSize(kv.key) + NumberSize(kv.create_revision) + NumberSize(kv.mod_revision) +
         NumberSize(kv.version) + BytesSize(kv.value) + NumberSize(kv.lease.value());
}

void WriteKeyValue(const KeyValue& kv, char* out) {
  out = PutBytes(kKeyTag, kv.key, out);
  out = PutNumber(kCreateRevisionTag, kv.create_revision, out);
  out = PutNumber(kModRevisionTag, kv.mod_revision, out);
  out = PutNumber(kVersionTag, kv.version, out);
  out = PutBytes(kValueTag, kv.value, out);
  PutNumber(kLeaseTag, kv.lease.value(), out);
}

std::optional<KeyValue> ParseKeyValue(base::ByteView encoded) {
  KeyValue kv;
  base::WireReader reader(encoded);
  while (reader.Next()) {
    switch (reader.field()) {
      case 1:
        kv.key = reader.bytes();
        break;
      case 2:
        kv.create_revision = Signed(reader.varint());
        break;
      case 3:
        kv.mod_revision = Signed(reader.varint());
        break;
      case 4:
        kv.version = Signed(reader.varint());
        break;
      case 5:
        kv.value = reader.bytes();
        break;
      case 6:
        kv.lease = base::LeaseId(Signed(reader.varint()));
        break;
      default:
        break;
    }
  }
  if (!reader.ok()) return std::nullopt;
  return kv;
}

std::optional<base::ByteView> ParseKey(base::ByteView encoded) {
  base::WireReader reader(encoded);
  if (!encoded.empty() && encoded.front() == kKeyTag && reader.Next()) return reader.bytes();
  const auto kv = ParseKeyValue(encoded);
  if (!kv) return std::nullopt;
  return kv->key;
}

}  // namespace mvcc
