#include "storage/mvcc/read_pin.h"

#include <algorithm>
#include <shared_mutex>
#include <utility>

#include "base/errors.h"
#include "storage/mvcc/key_value.h"
#include "storage/mvcc/store.h"
#include "storage/schema/schema.h"

namespace mvcc {
namespace {

constexpr backend::BucketId kKeyBucket = schema::Id(schema::Bucket::kKey);

base::Status Damaged(Revision revision, std::string_view what) {
  return base::Status(base::Code::kDataLoss,
                      "bucket key: the record of revision " + std::to_string(revision.main) + "/" +
                          std::to_string(revision.sub) + " " + std::string(what));
}

}  // namespace

ReadPin::~ReadPin() {
  if (attached_) store_->Detach(this);
}

bool ReadPin::expired() const {
  return store_->clock_->Now() - taken_ > store_->options_.pin_age_max;
}

base::Status ReadPin::Renew() {
  if (attached_) store_->Detach(this);
  return store_->Attach(this);
}

base::Result<base::ByteView> ReadPin::Fetch(Revision revision) const {
  if (const auto recent = recent_.Find(revision)) return *recent;
  ASSIGN_OR_RETURN(backend::Reader* const database, Database());
  ASSIGN_OR_RETURN(const auto stored,
                   database->Get(kKeyBucket, RevisionKey(revision, false).view()));
  if (!stored) return Damaged(revision, "is missing");
  return *stored;
}

base::Result<backend::Reader*> ReadPin::Database() const {
  if (database_ == nullptr) {
    ASSIGN_OR_RETURN(database_, store_->database_->NewReader());
  }
  return database_.get();
}

base::Result<std::optional<base::ByteView>> ReadPin::Get(base::ByteView key) const {
  std::optional<Revision> at;
  {
    const std::shared_lock lock(store_->lock_);
    const KeyRecord* const record = store_->index_.Find(key);
    if (record != nullptr) at = record->At(revision_);
  }
  if (!at) return std::optional<base::ByteView>();
  ASSIGN_OR_RETURN(const base::ByteView key_value, Fetch(*at));
  return std::optional(key_value);
}

base::Result<bool> ReadPin::Slice(const KeyRange& range, size_t max,
                                  std::vector<base::ByteView>* key_values) const {
  std::vector<Revision> found;
  bool more = false;
  {
    const std::shared_lock lock(store_->lock_);
    more = !store_->index_.Visit(range, revision_, [&](const KeyRecord&, Revision at) {
      if (found.size() == max) return false;
      found.push_back(at);
      return true;
    });
  }
  for (const Revision revision : found) {
    ASSIGN_OR_RETURN(const base::ByteView key_value, Fetch(revision));
    key_values->push_back(key_value);
  }
  return more;
}

base::Result<RangeResult> ReadPin::Range(const KeyRange& range, size_t limit) const {
  RangeResult result;
  if (range.one_key) {
    ASSIGN_OR_RETURN(const auto key_value, Get(range.begin));
    if (key_value) result.key_values.push_back(*key_value);
    result.count = result.key_values.size();
    return result;
  }
  KeyRange rest = range;
  base::Bytes resume;
  bool more = true;
  while (more) {
    size_t max = store_->options_.lock_slice;
    if (limit != 0) max = std::min(max, limit - result.key_values.size());
    ASSIGN_OR_RETURN(more, Slice(rest, max, &result.key_values));
    if (!more || (limit != 0 && result.key_values.size() == limit)) break;
    const auto last = ParseKey(result.key_values.back());
    if (!last) return Damaged({revision_, 0}, "or one before it cannot be decoded");
    resume = base::Bytes(*last) + '\0';
    rest.begin = resume;
  }
  result.count = more ? Count(range) : result.key_values.size();
  return result;
}

uint64_t ReadPin::Count(const KeyRange& range) const {
  const std::shared_lock lock(store_->lock_);
  return store_->index_.Count(range, revision_);
}

base::Status ReadPin::History(base::Revision from, ChangeVisitor visit) const {
  if (from.value() < compact_revision_) return base::errors::kCompacted;
  return ForEachChange({from.value(), 0}, visit);
}

// The database has all changes but the newest, `recent_` all but the oldest: first the one, and
// from where it ends the other.
base::Status ReadPin::ForEachChange(Revision from, ChangeVisitor& visit) const {
  Revision next = from;
  if (from.main < recent_.first_main()) {
    ASSIGN_OR_RETURN(backend::Reader* const database, Database());
    const auto cursor = database->NewCursor(kKeyBucket);
    RETURN_IF_ERROR(cursor->Seek(RevisionKey(from, false).view()));
    while (cursor->valid()) {
      const auto key = ParseRevisionKey(cursor->key());
      if (!key) return Damaged(next, "is followed by one whose key is no revision");
      if (key->revision.main > revision_) return {};
      if (!visit({key->revision, key->is_tombstone, cursor->value()})) return {};
      next = {key->revision.main, key->revision.sub + 1};
      RETURN_IF_ERROR(cursor->Next());
    }
  }
  recent_.ForEachFrom(next, [&](const StoredChange& change) {
    return change.revision.main <= revision_ && visit(change);
  });
  return {};
}

// etcd's rule: what is at or below the compact revision counts only if it is the newest change of
// a key that exists at the hashed revision, so that the hash is the same whether its removal has
// been carried out or not; unless no key exists there: then all that a finished compaction leaves
// counts. A deletion at the compact revision never counts, since etcd before 3.4.34 removed it.
base::Result<KeyValueHash> ReadPin::Hash() const {
  const bool any_exists = Count(KeyRange::All()) > 0;
  Hasher hasher;
  base::Status damage;
  ChangeVisitor add = [&](const StoredChange& change) {
    const int64_t compact = compact_revision_;
    if (change.revision.main <= compact) {
      if (change.is_tombstone && change.revision.main == compact) return true;
      const auto key = ParseKey(change.key_value);
      if (!key) {
        damage = Damaged(change.revision, "cannot be decoded");
        return false;
      }
      const std::shared_lock lock(store_->lock_);
      const KeyRecord* const record = store_->index_.Find(*key);
      const auto in_force =
          record == nullptr ? std::nullopt : record->At(any_exists ? revision_ : compact);
      if (in_force != change.revision) return true;
    }
    hasher.Add(RevisionKey(change.revision, change.is_tombstone).view(), change.key_value);
    return true;
  };
  RETURN_IF_ERROR(ForEachChange({}, add));
  RETURN_IF_ERROR(damage);
  return KeyValueHash{hasher.hash(), compact_revision_, revision_};
}

}  // namespace mvcc
