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
  std::unique_ptr<ReadPin> pin(new ReadPin(this, std::max<int64_t>(at.value(), 0)));
  RETURN_IF_ERROR(Attach(pin.get()));
  return pin;
}

base::Status Store::Attach(ReadPin* pin) {
  const std::shared_lock lock(lock_);
  if (pin->revision_ == 0) pin->revision_ = current_.load();
  if (pin->revision_ < compact_.load()) return base::errors::kCompacted;
  pin->compact_revision_ = compact_.load();
  pin->taken_ = clock_->Now();
  pin->recent_ = recent_.view();
  pin->attached_ = true;
  pins_.Add(pin->compact_revision_);
  return {};
}

void Store::Detach(ReadPin* pin) {
  pin->database_.reset();
  pin->attached_ = false;
  pins_.Remove(pin->compact_revision_);
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
