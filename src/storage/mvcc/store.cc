#include "storage/mvcc/store.h"

#include <algorithm>
#include <mutex>
#include <utility>

#include "base/check.h"
#include "storage/mvcc/write_txn.h"

namespace mvcc {

Store::Store(backend::Backend* database, backend::WriteBuffer* buffer, const runtime::Clock* clock,
             Options options)
    : database_(database),
      buffer_(buffer),
      clock_(clock),
      options_(options),
      recent_(options.history_bytes),
      apply_reads_(this, Reads::Readers::kReserved) {}

Store::~Store() {
  const std::lock_guard lock(reads_mutex_);
  CHECK_EQ(reads_.size(), size_t{1});  // but the store's own
}

void Store::AddReads(const Reads* reads) {
  const std::lock_guard lock(reads_mutex_);
  reads_.push_back(reads);
}

void Store::RemoveReads(const Reads* reads) {
  const std::lock_guard lock(reads_mutex_);
  std::erase(reads_, reads);
}

bool Store::AnyPinBefore(int64_t compact) const {
  const std::lock_guard lock(reads_mutex_);
  return std::any_of(reads_.begin(), reads_.end(),
                     [compact](const Reads* reads) { return reads->AnyBefore(compact); });
}

WriteTxn Store::Write() {
  return WriteTxn(this);
}

void Store::Publish(int64_t main) {
  const std::lock_guard lock(lock_);
  current_.store(main);
}

std::optional<KeyValueHash> Store::CompactionHash(base::Revision at) const {
  const std::lock_guard lock(hashes_mutex_);
  const auto known = hashes_.find(at.value());
  if (known == hashes_.end()) return std::nullopt;
  return known->second;
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
  commits_.store(commits_.load() + 1);
}

}  // namespace mvcc
