#include <algorithm>
#include <mutex>

#include "base/errors.h"
#include "runtime/failpoint.h"
#include "storage/mvcc/key_value.h"
#include "storage/mvcc/store.h"
#include "storage/schema/schema.h"

// The removal of compacted revisions. The compact revision itself moves at once; the records and
// the index entries go slice by slice, in the order of revisions, when nobody can read them any
// more. The markers in bucket `meta` let a restarted member go on where it was.

namespace mvcc {
namespace {

constexpr backend::BucketId kKeyBucket = schema::Id(schema::Bucket::kKey);
// As many compaction hashes as etcd keeps.
constexpr size_t kHashesMax = 10;

}  // namespace

base::Status Store::Compact(base::Revision at) {
  const int64_t to = at.value();
  if (to <= compact_.load()) return base::errors::kCompacted;
  if (to > current_.load()) return base::errors::kFutureRevision;
  hashed_compact_ = compact_.load();
  {
    const std::lock_guard lock(lock_);
    compact_.store(to);
  }
  runtime::Reach(runtime::Failpoint::kCompactBeforeCommitScheduledCompact);
  PutMarker(schema::kScheduledCompactRev, to);
  runtime::Reach(runtime::Failpoint::kCompactAfterCommitScheduledCompact);
  return {};
}

void Store::PutMarker(std::string_view name, int64_t main) {
  buffer_->Put(schema::Id(schema::Bucket::kMeta), name, RevisionKey({main, 0}, false).view());
}

base::Result<bool> Store::CompactionStep() {
  if (!compaction_) {
    if (finished_compact_ >= compact_.load()) return false;
    if (!CanRemove()) return true;
    compaction_ = Compaction{.to = compact_.load(),
                             .previous = hashed_compact_,
                             .next = {},
                             .hash_whole = hash_whole_,
                             .hasher = {}};
    hash_whole_ = true;
  }
  runtime::Reach(runtime::Failpoint::kCompactBeforeCommitBatch);
  ASSIGN_OR_RETURN(const bool more, RemoveSlice());
  runtime::Reach(runtime::Failpoint::kCompactAfterCommitBatch);
  if (!more) FinishCompaction();
  buffer_->EndUnlogged(clock_->Now());
  return compaction_.has_value() || finished_compact_ < compact_.load();
}

// The scan has to find everything that is to be removed in the database; and who pinned it before
// must have ended. The marker is not waited for: removals are committed with it or after it.
bool Store::CanRemove() const {
  const int64_t to = compact_.load();
  return durable_ >= to && !AnyPinBefore(to);
}

base::Result<bool> Store::RemoveSlice() {
  ASSIGN_OR_RETURN(const auto reader, database_->NewReservedReader());
  const auto cursor = reader->NewCursor(kKeyBucket);
  RETURN_IF_ERROR(cursor->Seek(RevisionKey(compaction_->next, false).view()));
  for (size_t looked_at = 0; looked_at < options_.compaction_slice; ++looked_at) {
    if (!cursor->valid()) return false;
    const auto revision_key = ParseRevisionKey(cursor->key());
    const auto key = ParseKey(cursor->value());
    if (!revision_key || !key) {
      return base::Status(base::Code::kDataLoss, "bucket key: a record cannot be decoded");
    }
    const Revision revision = revision_key->revision;
    if (revision.main > compaction_->to) return false;
    // As ReadPin::Hash, for the compact revision before.
    const KeyRecord* const record = index_.Find(*key);
    const auto in_force = record == nullptr ? std::nullopt : record->At(compaction_->to);
    const bool is_old = revision.main <= compaction_->previous;
    if (!is_old || in_force == revision) compaction_->hasher.Add(cursor->key(), cursor->value());
    RemoveOrKeep(revision, revision_key->is_tombstone, *key);
    compaction_->next = {revision.main, revision.sub + 1};
    RETURN_IF_ERROR(cursor->Next());
  }
  return true;
}

void Store::RemoveOrKeep(Revision revision, bool is_tombstone, base::ByteView key) {
  const KeyRecord* const record = index_.Find(key);
  const bool is_kept = record != nullptr && record->IsKept(revision, compaction_->to);
  if (is_kept) return;
  ++removed_records_;
  buffer_->Delete(kKeyBucket, RevisionKey(revision, is_tombstone).view());
  if (record == nullptr) return;
  const std::lock_guard lock(lock_);
  index_.Compact(key, compaction_->to);
}

void Store::FinishCompaction() {
  const Compaction& done = *compaction_;
  runtime::Reach(runtime::Failpoint::kCompactBeforeSetFinishedCompact);
  PutMarker(schema::kFinishedCompactRev, done.to);
  runtime::Reach(runtime::Failpoint::kCompactAfterSetFinishedCompact);
  finished_compact_ = done.to;
  if (done.hash_whole) {
    const std::lock_guard lock(hashes_mutex_);
    hashes_[done.to] = {done.hasher.hash(), done.previous, done.to};
    if (hashes_.size() > kHashesMax) hashes_.erase(hashes_.begin());
  }
  compaction_.reset();
}

}  // namespace mvcc
