#include "storage/mvcc/read_pin.h"

#include <algorithm>
#include <shared_mutex>
#include <utility>

#include "base/errors.h"
#include "storage/mvcc/key_value.h"
#include "storage/mvcc/reads.h"
#include "storage/mvcc/store.h"
#include "storage/schema/schema.h"

namespace mvcc {
namespace {

constexpr backend::BucketId kKeyBucket = schema::Id(schema::Bucket::kKey);

}  // namespace

ReadPin::ReadPin(Reads* reads, int64_t revision, Hold hold)
    : reads_(*reads), store_(&reads->store()), revision_(revision), hold_(std::move(hold)) {}

ReadPin::~ReadPin() {
  reads_.Release(hold_);
}

base::Status ReadPin::Damaged(Revision revision, std::string_view what) const {
  return reads_.Failed({base::Code::kDataLoss,
                        "bucket key: the record of revision " + std::to_string(revision.main) +
                            "/" + std::to_string(revision.sub) + " " + std::string(what)});
}

base::Status ReadPin::BeginStep() const {
  // Most reads have one step, which begins as soon as the pin is taken.
  if (!std::exchange(stepped_, true)) return {};
  if (store_->clock_->Now() - hold_.taken <= store_->options_.pin_age_max) return {};
  Hold fresh;
  int64_t revision = revision_;
  RETURN_IF_ERROR(reads_.Take(&revision, &fresh));
  reads_.Release(hold_);
  outlived_.push_back(std::exchange(hold_, std::move(fresh)));
  return {};
}

base::Status ReadPin::BeginStepAlone() {
  RETURN_IF_ERROR(BeginStep());
  outlived_.clear();
  return {};
}

base::Result<base::ByteView> ReadPin::Fetch(Revision revision) const {
  if (const auto recent = hold_.recent.Find(revision)) return *recent;
  ASSIGN_OR_RETURN(backend::Reader* const database, Database());
  const auto stored = database->Get(kKeyBucket, RevisionKey(revision, false).view());
  if (!stored.ok()) return reads_.Failed(stored.status());
  if (!*stored) return Damaged(revision, "is missing");
  return **stored;
}

base::Result<backend::Reader*> ReadPin::Database() const {
  if (hold_.database == nullptr) {
    auto database = reads_.Database(hold_.commit);
    if (!database.ok()) return reads_.Failed(database.status());
    hold_.database = *std::move(database);
  }
  return hold_.database.get();
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

bool ReadPin::Visit(const KeyRange& range, const KeyIndex::Visitor& visit) const {
  KeyRange rest = range;
  for (base::Bytes resume;; rest.begin = resume) {
    KeyIndex::Pause pause{store_->options_.lock_slice, std::nullopt};
    bool reached_end = false;
    {
      const std::shared_lock lock(store_->lock_);
      reached_end = store_->index_.Visit(rest, revision_, visit, &pause);
    }
    if (!pause.at) return reached_end;
    resume = *std::move(pause.at);
  }
}

base::Result<bool> ReadPin::Slice(const KeyRange& range, size_t max,
                                  std::vector<base::ByteView>* key_values) const {
  RETURN_IF_ERROR(BeginStep());
  std::vector<Revision> found;
  const bool reached_end = Visit(range, [&](const KeyRecord&, Revision at) {
    if (found.size() == max) return false;
    found.push_back(at);
    return true;
  });
  for (const Revision revision : found) {
    ASSIGN_OR_RETURN(const base::ByteView key_value, Fetch(revision));
    key_values->push_back(key_value);
  }
  return !reached_end;
}

// The record of a key outlives the pin if the key exists at its revision: a compaction forgets only
// keys that do not exist at its own, and none past this revision is carried out while the pin
// lives.
base::Result<bool> ReadPin::SliceKeys(const KeyRange& range, size_t max,
                                      std::vector<KeyValue>* keys) const {
  RETURN_IF_ERROR(BeginStep());
  const size_t max_size = keys->size() + max;
  std::vector<std::pair<size_t, Revision>> changed_since;
  const bool reached_end = Visit(range, [&](const KeyRecord& record, Revision at) {
    if (keys->size() == max_size) return false;
    const bool is_newest = record.live() && record.modified() == at;
    if (!is_newest) changed_since.emplace_back(keys->size(), at);
    keys->push_back({.key = record.key(),
                     .create_revision = is_newest ? record.create_revision() : 0,
                     .mod_revision = at.main,
                     .version = is_newest ? record.version() : 0});
    return true;
  });
  for (const auto& [place, at] : changed_since) {
    ASSIGN_OR_RETURN(const base::ByteView encoded, Fetch(at));
    const auto kv = ParseKeyValue(encoded);
    if (!kv) return Damaged(at, "cannot be decoded");
    (*keys)[place].create_revision = kv->create_revision;
    (*keys)[place].version = kv->version;
  }
  return !reached_end;
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
  uint64_t count = 0;
  KeyRange rest = range;
  for (base::Bytes resume;; rest.begin = resume) {
    std::optional<base::Bytes> paused = CountSlice(rest, &count);
    if (!paused) return count;
    resume = *std::move(paused);
  }
}

std::optional<base::Bytes> ReadPin::CountSlice(const KeyRange& range, uint64_t* count) const {
  KeyIndex::Pause pause{store_->options_.lock_slice, std::nullopt};
  const std::shared_lock lock(store_->lock_);
  *count += store_->index_.Count(range, revision_, &pause);
  return std::move(pause.at);
}

bool ReadPin::AnyExists() const {
  const std::shared_lock lock(store_->lock_);
  return store_->index_.AnyExists(revision_);
}

base::Status ReadPin::History(base::Revision from, ChangeVisitor visit) {
  Revision next{from.value(), 0};
  while (true) {
    RETURN_IF_ERROR(BeginStepAlone());
    if (next.main < hold_.compact_revision) return base::errors::kCompacted;
    ASSIGN_OR_RETURN(const auto paused, ForEachChange(next, visit));
    if (!paused) return {};
    next = *paused;
  }
}

base::Result<bool> ReadPin::HistoryStep(Revision* next, size_t max, const StepVisitor& visit) {
  RETURN_IF_ERROR(BeginStepAlone());
  const bool is_recent = *next >= hold_.recent.first();
  if (!is_recent && next->main < hold_.compact_revision) return base::errors::kCompacted;
  bool stopped = false;
  ChangeVisitor take = [&](const StoredChange& change) {
    if (max == 0 || !visit(change)) stopped = true;
    if (!stopped) --max;
    return !stopped;
  };
  if (!is_recent) {
    ASSIGN_OR_RETURN(const Visited visited, VisitDatabase(next, take));
    if (visited == Visited::kMore || stopped) return true;
  }
  hold_.recent.ForEachFrom(*next, [&](const StoredChange& change) {
    if (change.revision.main > revision_ || !take(change)) return false;
    *next = {change.revision.main, change.revision.sub + 1};
    return true;
  });
  if (!stopped && next->main <= revision_) *next = {revision_ + 1, 0};
  return stopped;
}

// The database has all changes but the newest, the recent ones are all but the oldest: first the
// one, and from where the other begins that.
base::Result<std::optional<Revision>> ReadPin::ForEachChange(Revision from, ChangeVisitor& visit) {
  const int64_t compact_revision = hold_.compact_revision;
  Revision next = from;
  auto outcome = Visited::kMore;
  while (outcome == Visited::kMore && next < hold_.recent.first()) {
    RETURN_IF_ERROR(BeginStepAlone());
    if (hold_.compact_revision != compact_revision) return std::optional(next);
    ASSIGN_OR_RETURN(outcome, VisitDatabase(&next, visit));
  }
  if (outcome == Visited::kStopped) return std::optional<Revision>();
  hold_.recent.ForEachFrom(next, [&](const StoredChange& change) {
    return change.revision.main <= revision_ && visit(change);
  });
  return std::optional<Revision>();
}

base::Result<ReadPin::Visited> ReadPin::VisitDatabase(Revision* next, ChangeVisitor& visit) const {
  ASSIGN_OR_RETURN(backend::Reader* const database, Database());
  const auto cursor = database->NewCursor(kKeyBucket);
  RETURN_IF_ERROR(reads_.Failed(cursor->Seek(RevisionKey(*next, false).view())));
  for (size_t i = 0; i < store_->options_.history_slice; ++i) {
    if (!cursor->valid()) return Visited::kEnd;
    const auto key = ParseRevisionKey(cursor->key());
    if (!key) return Damaged(*next, "is followed by one whose key is no revision");
    if (key->revision.main > revision_) return Visited::kStopped;
    if (!visit({key->revision, key->is_tombstone, cursor->value()})) return Visited::kStopped;
    *next = {key->revision.main, key->revision.sub + 1};
    RETURN_IF_ERROR(reads_.Failed(cursor->Next()));
  }
  return Visited::kMore;
}

base::Result<KeyValueHash> ReadPin::Hash() {
  while (true) {
    ASSIGN_OR_RETURN(const auto hash, TryHash());
    if (hash) return *hash;
  }
}

// etcd's rule: what is at or below the compact revision counts only if it is the newest change of
// a key that exists at the hashed revision, so that the hash is the same whether its removal has
// been carried out or not; unless no key exists there: then all that a finished compaction leaves
// counts. A deletion at the compact revision never counts, since etcd before 3.4.34 removed it.
base::Result<std::optional<KeyValueHash>> ReadPin::TryHash() {
  RETURN_IF_ERROR(BeginStepAlone());
  const int64_t compact = hold_.compact_revision;
  const int64_t in_force_at = AnyExists() ? revision_ : compact;
  Hasher hasher;
  base::Status damage;
  ChangeVisitor add = [&](const StoredChange& change) {
    if (change.revision.main <= compact) {
      if (change.is_tombstone && change.revision.main == compact) return true;
      const auto key = ParseKey(change.key_value);
      if (!key) {
        damage = Damaged(change.revision, "cannot be decoded");
        return false;
      }
      if (!IsInForce(change.revision, *key, in_force_at)) return true;
    }
    hasher.Add(RevisionKey(change.revision, change.is_tombstone).view(), change.key_value);
    return true;
  };
  ASSIGN_OR_RETURN(const auto paused, ForEachChange({}, add));
  RETURN_IF_ERROR(damage);
  if (paused) return std::optional<KeyValueHash>();
  return std::optional(KeyValueHash{hasher.hash(), compact, revision_});
}

bool ReadPin::IsInForce(Revision change, base::ByteView key, int64_t main) const {
  const std::shared_lock lock(store_->lock_);
  const KeyRecord* const record = store_->index_.Find(key);
  return record != nullptr && record->At(main) == change;
}

}  // namespace mvcc
