#include "storage/mvcc/key_value.h"

#include "base/wire.h"

namespace mvcc {
namespace {

using Field = KeyValueField;

constexpr char kKeyTag = base::WireTag(Field::kKey, base::WireType::kBytes);

template <typename Writer>
void Write(const KeyValue& kv, Writer* writer) {
  writer->BytesIfSet(Field::kKey, kv.key);
  writer->VarintIfSet(Field::kCreateRevision, static_cast<uint64_t>(kv.create_revision));
  writer->VarintIfSet(Field::kModRevision, static_cast<uint64_t>(kv.mod_revision));
  writer->VarintIfSet(Field::kVersion, static_cast<uint64_t>(kv.version));
  writer->BytesIfSet(Field::kValue, kv.value);
  writer->VarintIfSet(Field::kLease, static_cast<uint64_t>(kv.lease.value()));
}

int64_t Signed(uint64_t number) {
  return static_cast<int64_t>(number);
}

}  // namespace

size_t KeyValueSize(const KeyValue& kv) {
  base::WireCounter counter;
  Write(kv, &counter);
  return counter.size();
}

void WriteKeyValue(const KeyValue& kv, char* out) {
  base::WireFiller filler(out);
  Write(kv, &filler);
}

std::optional<KeyValue> ParseKeyValue(base::ByteView encoded) {
  KeyValue kv;
  base::WireReader reader(encoded);
  while (reader.Next()) {
    switch (reader.field()) {
      case Field::kKey:
        kv.key = reader.bytes();
        break;
      case Field::kCreateRevision:
        kv.create_revision = Signed(reader.varint());
        break;
      case Field::kModRevision:
        kv.mod_revision = Signed(reader.varint());
        break;
      case Field::kVersion:
        kv.version = Signed(reader.varint());
        break;
      case Field::kValue:
        kv.value = reader.bytes();
        break;
      case Field::kLease:
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
