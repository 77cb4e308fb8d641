#include "storage/mvcc/store.h"

#include <algorithm>
#include <limits>
#include <shared_mutex>
#include <utility>

#include "base/check.h"
#include "base/errors.h"
#include "storage/mvcc/write_txn.h"

namespace mvcc {

Store::Store(backend::Backend* database, backend::WriteBuffer* buffer, const runtime::Clock* clock,
             Options options)
    : database_(database),
      buffer_(buffer),
      clock_(clock),
      options_(options),
      recent_(options.history_bytes) {}

Store::~Store() {
  CHECK(!pins_.AnyBefore(std::numeric_limits<int64_t>::max()));
}

base::Result<std::unique_ptr<ReadPin>> Store::Pin(base::Revision at) {
  if (at.value() > current_.load()) return base::errors::kFutureRevision;
  return NewPin(std::max<int64_t>(at.value(), 0));
}

base::Result<std::unique_ptr<ReadPin>> Store::NewPin(int64_t revision) {
  ReadPin::Hold hold;
  RETURN_IF_ERROR(Take(&revision, &hold));
  return std::unique_ptr<ReadPin>(new ReadPin(this, revision, std::move(hold)));
}

base::Status Store::Take(int64_t* revision, ReadPin::Hold* hold) {
  hold->taken = clock_->Now();
  const std::shared_lock lock(lock_);
  if (*revision == 0) *revision = current_.load();
  if (*revision < compact_.load()) return base::errors::kCompacted;
  hold->compact_revision = compact_.load();
  hold->recent = recent_.view();
  pins_.Add(hold->compact_revision);
  return {};
}

void Store::Release(const ReadPin::Hold& hold) {
  pins_.Remove(hold.compact_revision);
}

WriteTxn Store::Write() {
  return WriteTxn(this);
}

void Store::Publish(int64_t main) {
  const std::lock_guard lock(lock_);
  current_.store(main);
}

base::Result<KeyValueHash> Store::HashKv(base::Revision at) {
  {
    const std::lock_guard lock(hashes_mutex_);
    const auto known = hashes_.find(at.value());
    if (known != hashes_.end()) return known->second;
  }
  if (at < base::Revision(0)) {
    return KeyValueHash{Hasher().hash(), compact_revision().value(), at.value()};
  }
  ASSIGN_OR_RETURN(const auto pin, Pin(at));
  return pin->Hash();
}

std::vector<KeyValueHash> Store::compaction_hashes() const {
  const std::lock_guard lock(hashes_mutex_);
  std::vector<KeyValueHash> hashes;
  for (const auto& [revision, hash] : hashes_) hashes.push_back(hash);
  return hashes;
}

std::optional<Store::Commit> Store::TakeCommit(bool force) {
  const bool due = force ? buffer_->can_cut() : buffer_->due(clock_->Now());
  if (!due || writing_) return std::nullopt;
  return Commit{buffer_->Cut(), revision()};
}

void Store::Committed(Commit commit) {
  buffer_->Committed(std::move(commit.batch));
  durable_ = commit.revision.value();
  const std::lock_guard lock(lock_);
  recent_.Trim(durable_);
}

}  // namespace mvcc
