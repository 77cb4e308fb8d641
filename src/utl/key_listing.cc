#include "utl/key_listing.h"

#include <functional>

#include "storage/mvcc/key_value.h"
#include "storage/mvcc/revision.h"
#include "storage/schema/schema.h"

namespace utl {
namespace {

using OnChange = std::function<void(const mvcc::ParsedRevisionKey&, const mvcc::KeyValue&)>;

// Every change of a key, the oldest first.
base::Status ForEachChange(snap::Source& source, const OnChange& on_change) {
  RETURN_IF_ERROR(source.Rewind());
  while (true) {
    ASSIGN_OR_RETURN(const auto name, source.NextBucket());
    if (!name.has_value()) return {};
    if (*name != schema::kBucketNames[schema::Id(schema::Bucket::kKey)]) continue;
    while (true) {
      ASSIGN_OR_RETURN(const auto record, source.NextRecord());
      if (!record.has_value()) return {};
      const auto revision = mvcc::ParseRevisionKey(record->key);
      const auto kv = mvcc::ParseKeyValue(record->value);
      if (!revision.has_value() || !kv.has_value()) {
        return {base::Code::kDataLoss, "the database has a change of a key that cannot be read"};
      }
      on_change(*revision, *kv);
    }
  }
}

}  // namespace

base::Result<std::map<base::Bytes, ListedKey>> ListKeys(snap::Source& source,
                                                        const KeyListing& listing) {
  std::map<base::Bytes, ListedKey> keys;
  const auto on_change = [&](const mvcc::ParsedRevisionKey& at, const mvcc::KeyValue& kv) {
    if (listing.revision > 0 && at.revision.main > listing.revision) return;
    if (!kv.key.starts_with(listing.prefix)) return;
    if (at.is_tombstone) {
      keys.erase(base::Bytes(kv.key));
      return;
    }
    ListedKey& key = keys[base::Bytes(kv.key)];
    key.version = kv.version;
    key.value_bytes = kv.value.size();
    key.all_value_bytes += kv.value.size();
    ++key.version_count;
    if (listing.with_values) key.value = kv.value;
  };
  RETURN_IF_ERROR(ForEachChange(source, on_change));
  return keys;
}

base::Result<std::vector<int64_t>> ListVersions(snap::Source& source, base::ByteView key) {
  std::vector<int64_t> versions;
  const auto on_change = [&](const mvcc::ParsedRevisionKey&, const mvcc::KeyValue& kv) {
    if (kv.key == key) versions.push_back(kv.version);
  };
  RETURN_IF_ERROR(ForEachChange(source, on_change));
  return versions;
}

base::Result<std::optional<base::Bytes>> FindValue(snap::Source& source, base::ByteView key,
                                                   std::optional<int64_t> version) {
  std::optional<base::Bytes> value;
  const auto on_change = [&](const mvcc::ParsedRevisionKey& at, const mvcc::KeyValue& kv) {
    if (kv.key != key || at.is_tombstone) return;
    if (!version.has_value() || kv.version == *version) value = kv.value;
  };
  RETURN_IF_ERROR(ForEachChange(source, on_change));
  return value;
}

}  // namespace utl
