#include "storage/mvcc/write_txn.h"

#include <mutex>
#include <utility>

#include "base/check.h"
#include "storage/mvcc/key_value.h"
#include "storage/mvcc/store.h"
#include "storage/schema/schema.h"

namespace mvcc {
namespace {

constexpr backend::BucketId kKeyBucket = schema::Id(schema::Bucket::kKey);

}  // namespace

WriteTxn::WriteTxn(Store* store) : store_(store), main_(store->current_.load() + 1) {
  CHECK(!store->writing_);
  store->writing_ = true;
}

WriteTxn::WriteTxn(WriteTxn&& other) noexcept
    : store_(std::exchange(other.store_, nullptr)),
      main_(other.main_),
      next_sub_(other.next_sub_) {}

WriteTxn::~WriteTxn() {
  if (store_ == nullptr) return;
  if (changed()) store_->Publish(main_);
  store_->writing_ = false;
}

base::Revision WriteTxn::revision() const {
  return base::Revision(changed() ? main_ : main_ - 1);
}

base::Result<base::LeaseId> WriteTxn::Put(base::ByteView key, base::ByteView value,
                                          base::LeaseId lease) {
  const Revision revision{main_, next_sub_};
  KeyValue kv{.key = key, .mod_revision = main_, .value = value, .lease = lease};
  KeyIndex::PutResult result;
  base::ByteView encoded;
  {
    const std::lock_guard lock(store_->lock_);
    result = store_->index_.Put(key, revision, lease != base::LeaseId());
    kv.create_revision = result.record->create_revision();
    kv.version = result.record->version();
    const size_t size = KeyValueSize(kv);
    char* const place = store_->recent_.Append(revision, false, size);
    WriteKeyValue(kv, place);
    encoded = {place, size};
  }
  store_->buffer_->Put(kKeyBucket, RevisionKey(revision, false).view(), encoded);
  ++next_sub_;
  if (result.leased_before == Revision()) return base::LeaseId();
  return LeaseOf(result.leased_before);
}

base::Result<std::vector<WriteTxn::Deleted>> WriteTxn::DeleteRange(const KeyRange& range) {
  std::vector<Deleted> deleted;
  KeyRange rest = range;
  base::Bytes resume;
  for (bool more = true; more;) {
    const size_t first = deleted.size();
    std::vector<Revision> leased;
    more = !store_->index_.Visit(rest, main_, [&](const KeyRecord& record, Revision at) {
      if (deleted.size() - first == store_->options_.lock_slice) return false;
      deleted.push_back({base::Bytes(record.key()), base::LeaseId()});
      leased.push_back(record.has_lease() ? at : Revision());
      return true;
    });
    for (size_t i = first; i < deleted.size(); ++i) {
      if (leased[i - first] == Revision()) continue;
      ASSIGN_OR_RETURN(deleted[i].lease, LeaseOf(leased[i - first]));
    }
    const std::lock_guard lock(store_->lock_);
    for (size_t i = first; i < deleted.size(); ++i) AppendTombstone(deleted[i].key);
    if (more) {
      resume = deleted.back().key + '\0';
      rest.begin = resume;
    }
  }
  return deleted;
}

void WriteTxn::AppendTombstone(base::ByteView key) {
  const Revision revision{main_, next_sub_++};
  store_->index_.Delete(key, revision);
  const KeyValue kv{.key = key};
  const size_t size = KeyValueSize(kv);
  char* const place = store_->recent_.Append(revision, true, size);
  WriteKeyValue(kv, place);
  store_->buffer_->Put(kKeyBucket, RevisionKey(revision, true).view(), {place, size});
}

base::Result<std::unique_ptr<ReadPin>> WriteTxn::Read() const {
  return store_->apply_reads_.NewPin(revision().value());
}

base::Result<base::LeaseId> WriteTxn::LeaseOf(Revision modified) const {
  ASSIGN_OR_RETURN(const auto pin, Read());
  ASSIGN_OR_RETURN(const base::ByteView encoded, pin->Fetch(modified));
  const auto kv = ParseKeyValue(encoded);
  if (!kv) return base::Status(base::Code::kDataLoss, "bucket key: a record cannot be decoded");
  return kv->lease;
}

}  // namespace mvcc
