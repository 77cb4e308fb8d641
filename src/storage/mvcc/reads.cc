#include "storage/mvcc/reads.h"

#include <algorithm>
#include <shared_mutex>
#include <utility>

#include "base/check.h"
#include "base/errors.h"
#include "storage/backend/read_failure.h"
#include "storage/mvcc/store.h"

namespace mvcc {

Reads::Reads(Store* store, Readers readers) : store_(store), readers_(readers) {
  store_->AddReads(this);
}

Reads::~Reads() {
  CHECK(!pins_.any());
  store_->RemoveReads(this);
}

void Reads::BeginTurn() {
  if (!turn_.has_value()) turn_ = store_->clock_->Now();
}

void Reads::EndTurn() {
  turn_.reset();
  kept_.reset();
}

base::Result<std::unique_ptr<ReadPin>> Reads::Pin(base::Revision at) {
  if (at > store_->revision()) return base::errors::kFutureRevision;
  return NewPin(std::max<int64_t>(at.value(), 0));
}

base::Result<std::unique_ptr<ReadPin>> Reads::NewPin(int64_t revision) {
  ReadPin::Hold hold;
  RETURN_IF_ERROR(Take(&revision, &hold));
  return std::unique_ptr<ReadPin>(new ReadPin(this, revision, std::move(hold)));
}

base::Status Reads::Take(int64_t* revision, ReadPin::Hold* hold) {
  hold->taken = turn_.has_value() ? *turn_ : store_->clock_->Now();
  const std::shared_lock lock(store_->lock_);
  if (*revision == 0) *revision = store_->current_.load();
  hold->compact_revision = store_->compact_.load();
  if (*revision < hold->compact_revision) return base::errors::kCompacted;
  hold->recent = store_->recent_.view();
  hold->commit = store_->commits_.load();
  pins_.Add(hold->compact_revision);
  return {};
}

void Reads::Release(const ReadPin::Hold& hold) {
  pins_.Remove(hold.compact_revision);
}

// A pin needs from the database what was no longer among the recent changes when it was taken,
// which is in the database from commit `hold.commit` on. What the reader sees beyond that, younger
// or older, is passed over by its revision.
base::Result<std::shared_ptr<backend::Reader>> Reads::Database(uint64_t commit) {
  std::shared_ptr<backend::Reader> database = database_.lock();
  if (database != nullptr && database_commit_ >= commit) return database;
  // Asked before the reader is opened, which therefore sees that one at least.
  const uint64_t newest = store_->commits_.load();
  ASSIGN_OR_RETURN(auto opened, readers_ == Readers::kReserved
                                    ? store_->database_->NewReservedReader()
                                    : store_->database_->NewReader());
  database = std::move(opened);
  database_ = database;
  database_commit_ = newest;
  if (turn_.has_value()) kept_ = database;
  return database;
}

base::Status Reads::Failed(const base::Status& status) {
  if (status.ok() || readers_ == Readers::kReserved) return status;
  return backend::ReadFailure(*store_->database_, status);
}

base::Result<KeyValueHash> Reads::HashKv(base::Revision at) {
  if (const auto known = store_->CompactionHash(at)) return *known;
  if (at < base::Revision(0)) {
    return KeyValueHash{Hasher().hash(), store_->compact_revision().value(), at.value()};
  }
  ASSIGN_OR_RETURN(const auto pin, Pin(at));
  return pin->Hash();
}

}  // namespace mvcc
