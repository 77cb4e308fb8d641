#include "utl/snapshot_status.h"

#include <functional>
#include <set>
#include <string_view>

#include "base/crc32c.h"
#include "state/members/versions.h"
#include "storage/mvcc/key_value.h"
#include "storage/mvcc/revision.h"
#include "storage/schema/schema.h"

namespace utl {
namespace {

using schema::Bucket;

constexpr std::string_view NameOf(Bucket bucket) {
  return schema::kBucketNames[schema::Id(bucket)];
}

class Counting {
 public:
  base::Status Read(snap::Source& source) {
    RETURN_IF_ERROR(source.Rewind());
    while (true) {
      ASSIGN_OR_RETURN(const auto name, source.NextBucket());
      if (!name.has_value()) break;
      counted_.hash = base::Crc32c(*name, counted_.hash);
      const bool is_key = *name == NameOf(Bucket::kKey);
      const bool is_meta = *name == NameOf(Bucket::kMeta);
      while (true) {
        ASSIGN_OR_RETURN(const auto record, source.NextRecord());
        if (!record.has_value()) break;
        counted_.hash = base::Crc32c(record->value, base::Crc32c(record->key, counted_.hash));
        if (is_key) RETURN_IF_ERROR(CountChange(*record));
        const bool is_version = is_meta && record->key == schema::kStorageVersion;
        if (is_version && members::ParseVersion(record->value).has_value()) {
          counted_.version = record->value;
        }
      }
    }
    counted_.total_keys = keys_.size();
    return {};
  }

  const SnapshotStatus& counted() const { return counted_; }

 private:
  base::Status CountChange(const snap::Record& record) {
    const auto key = mvcc::ParseRevisionKey(record.key);
    if (!key.has_value()) return {base::Code::kDataLoss, "a change with a key that is no revision"};
    const auto value = mvcc::ParseKey(record.value);
    if (!value.has_value()) return {base::Code::kDataLoss, "a change that is none of a key"};
    counted_.revision = key->revision.main;
    const auto at = keys_.find(*value);
    if (key->is_tombstone && at != keys_.end()) keys_.erase(at);
    if (!key->is_tombstone && at == keys_.end()) keys_.emplace(*value);
    return {};
  }

  SnapshotStatus counted_;
  std::set<base::Bytes, std::less<>> keys_;
};

}  // namespace

base::Result<SnapshotStatus> CountRecords(snap::Source& source) {
  Counting counting;
  RETURN_IF_ERROR(counting.Read(source));
  return counting.counted();
}

base::Result<SnapshotStatus> ReadSnapshotStatus(snap::BboltReader& reader) {
  auto status = CountRecords(reader);
  if (!status.ok()) {
    return base::Status(status.status().code(),
                        "snapshot file integrity check failed. 1 errors found.\n" +
                            std::string(status.status().message()));
  }
  status->total_bytes = reader.meta().high_water * reader.meta().page_size;
  return status;
}

}  // namespace utl
