#include <algorithm>
#include <array>
#include <limits>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "storage/mvcc/key_value.h"
#include "storage/mvcc/record_table.h"
#include "storage/mvcc/store.h"
#include "storage/schema/schema.h"

// Opening a store: one sequential scan of bucket `key`, then the index in one piece.

namespace mvcc {
namespace {

// After as many the scan lets the pages behind it go.
constexpr uint64_t kDropBytes = 32 << 20;

// No request is so large.
constexpr size_t kKeyBytesMax = size_t{1} << 31;

}  // namespace

class Restorer {
 public:
  Restorer(Store* store, backend::Reader* reader) : store_(store), reader_(reader) {}

  base::Status Run(Store::LeaseVisitor& visit_lease) {
    ASSIGN_OR_RETURN(const int64_t finished, ReadMarker(schema::kFinishedCompactRev));
    ASSIGN_OR_RETURN(const int64_t scheduled, ReadMarker(schema::kScheduledCompactRev));
    RETURN_IF_ERROR(Scan());
    BuildIndex(visit_lease);
    // The newest revisions may all have been removed by a compaction up to them.
    const int64_t current = std::max({int64_t{1}, last_.main, finished, scheduled});
    store_->current_.store(current);
    store_->durable_ = current;
    store_->compact_.store(std::max(finished, scheduled));
    store_->finished_compact_ = finished;
    // A removal that is resumed does not see all that it would have to hash.
    store_->hash_whole_ = finished >= scheduled;
    store_->hashed_compact_ = finished;
    return {};
  }

 private:
  // A record of the bucket, borrowed from the reader.
  struct Queued {
    ParsedRevisionKey key;
    KeyValue kv;
    uint64_t hash = 0;
  };

  static base::Status Damaged(std::string_view what) {
    return base::Status(base::Code::kDataLoss, "bucket key: " + std::string(what));
  }

  base::Result<int64_t> ReadMarker(std::string_view name) {
    ASSIGN_OR_RETURN(const auto value, reader_->Get(schema::Id(schema::Bucket::kMeta), name));
    if (!value) return int64_t{-1};
    const auto key = ParseRevisionKey(*value);
    if (!key) return Damaged("the marker " + std::string(name) + " is no revision");
    return key->revision.main;
  }

  base::Status Scan() {
    const auto cursor = reader_->NewCursor(schema::Id(schema::Bucket::kKey));
    RETURN_IF_ERROR(cursor->Seek({}));
    uint64_t bytes = 0;
    while (cursor->valid()) {
      const auto key = ParseRevisionKey(cursor->key());
      const auto kv = ParseKeyValue(cursor->value());
      if (!key || !kv) return Damaged("a record cannot be decoded");
      RETURN_IF_ERROR(CheckRecord(*key, *kv));
      Enqueue(*key, *kv);
      last_ = key->revision;
      bytes += cursor->value().size();
      if (bytes >= kDropBytes) {
        cursor->DropPassed();
        bytes = 0;
      }
      RETURN_IF_ERROR(cursor->Next());
    }
    AddQueued();
    return {};
  }

  // What the index takes for granted.
  base::Status CheckRecord(const ParsedRevisionKey& key, const KeyValue& kv) const {
    const auto [main, sub] = key.revision;
    if (main < 1 || sub > std::numeric_limits<uint32_t>::max() || key.revision <= last_) {
      return Damaged("revision " + std::to_string(main) + "_" + std::to_string(sub) +
                     " follows revision " + std::to_string(last_.main) + "_" +
                     std::to_string(last_.sub));
    }
    if (kv.key.size() >= kKeyBytesMax) return Damaged("a key that is too long");
    if (kv.create_revision < 0 || kv.create_revision > main) {
      return Damaged("the record of revision " + std::to_string(main) +
                     " is of a key that was created at revision " +
                     std::to_string(kv.create_revision));
    }
    return {};
  }

  // Each lookup would wait for memory. So some are queued, and theirs is fetched meanwhile.
  void Enqueue(const ParsedRevisionKey& key, const KeyValue& kv) {
    const uint64_t hash = RecordTable::HashOf(kv.key);
    records_.Prefetch(hash);
    queue_[queued_++] = {key, kv, hash};
    if (queued_ == queue_.size()) AddQueued();
  }
  void AddQueued() {
    for (size_t i = 0; i < queued_; ++i) Add(queue_[i]);
    queued_ = 0;
  }

  void Add(const Queued& queued) {
    const auto& [key, kv, hash] = queued;
    KeyRecord* const record = records_.FindOrAdd(hash, kv.key);
    if (record->has_lease()) leases_.erase(record);
    if (key.is_tombstone) {
      record->RestoreDelete(key.revision);
      return;
    }
    const bool has_lease = kv.lease != base::LeaseId();
    // `etcdutl snapshot restore --bump-revision` leaves an empty value at the revision it bumps to.
    const int64_t version = std::max<int64_t>(kv.version, 1);
    record->Restore(key.revision, kv.create_revision, version, has_lease);
    if (has_lease) leases_[record] = kv.lease;
  }

  void BuildIndex(Store::LeaseVisitor& visit_lease) {
    std::vector<KeyRecord::Owner> records = records_.TakeSorted();
    for (const auto& record : records) {
      if (record->has_lease()) visit_lease(record->key(), leases_.at(record.get()));
    }
    store_->index_.Build(std::move(records));
  }

  Store* const store_;
  backend::Reader* const reader_;
  RecordTable records_;
  std::array<Queued, 16> queue_;
  size_t queued_ = 0;
  std::unordered_map<const KeyRecord*, base::LeaseId> leases_;  // of keys that have one now
  Revision last_{0, std::numeric_limits<int64_t>::max()};
};

base::Result<std::unique_ptr<Store>> Store::Open(backend::Backend* database,
                                                 backend::WriteBuffer* buffer,
                                                 const runtime::Clock* clock, Options options,
                                                 LeaseVisitor visit_lease) {
  std::unique_ptr<Store> store(new Store(database, buffer, clock, options));
  ASSIGN_OR_RETURN(const auto reader, database->NewReader());
  RETURN_IF_ERROR(Restorer(store.get(), reader.get()).Run(visit_lease));
  return store;
}

}  // namespace mvcc
