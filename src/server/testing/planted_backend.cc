#include <algorithm>
#include <atomic>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/result.h"
#include "server/testing/planted.h"
#include "storage/schema/consistent_index.h"
#include "storage/schema/schema.h"

namespace server {
namespace {

using backend::Batch;

// Has no files: that they are removed is the change of the disk.
constexpr std::string_view kCommit = "/commit";

void Add(const Batch& from, const Batch::Operation& operation, Batch* to) {
  if (operation.is_delete) {
    to->Delete(operation.bucket, from.key(operation));
  } else {
    to->Put(operation.bucket, from.key(operation), from.value(operation));
  }
}

bool IsIndex(const Batch& batch, const Batch::Operation& operation) {
  return operation.bucket == schema::Id(schema::Bucket::kMeta) &&
         (batch.key(operation) == schema::kConsistentIndex ||
          batch.key(operation) == schema::kTerm);
}

// Unlike what a start writes.
bool CoversEntries(const Batch& batch) {
  return std::any_of(batch.operations().begin(), batch.operations().end(),
                     [&batch](const auto& operation) { return IsIndex(batch, operation); });
}

// A batch in two parts.
struct Parted {
  Batch changes;
  Batch index;
};

Parted Part(const Batch& batch) {
  Parted parted;
  for (const Batch::Operation& operation : batch.operations()) {
    Add(batch, operation, IsIndex(batch, operation) ? &parted.index : &parted.changes);
  }
  return parted;
}

void AddAll(const Batch& from, Batch* to) {
  for (const Batch::Operation& operation : from.operations()) Add(from, operation, to);
}

void CopyAll(backend::Backend& from, backend::Backend* to) {
  const auto reader = from.NewReader().value();
  Batch batch;
  for (backend::BucketId bucket = 0; bucket < schema::kBucketNames.size(); ++bucket) {
    const auto cursor = reader->NewCursor(bucket);
    CHECK(cursor->Seek({}).ok());
    for (; cursor->valid(); CHECK(cursor->Next().ok())) {
      batch.Put(bucket, cursor->key(), cursor->value());
    }
  }
  CHECK(to->Commit(batch).ok());
}

// The process sees what it committed; what is durable of that is another matter.
class PlantedBackend final : public backend::Backend {
 public:
  PlantedBackend(std::shared_ptr<backend::MemoryDatabase> durable, runtime::Disk* disk,
                 Planted planted, backend::MemoryOptions options)
      : durable_(backend::OpenMemoryBackend(std::move(durable))),
        seen_(backend::OpenMemoryBackend(backend::NewMemoryDatabase(schema::kBucketNames.size()),
                                         WithFault(std::move(options)))),
        disk_(*disk),
        planted_(planted) {
    CopyAll(*durable_, seen_.get());
  }

  base::Result<std::unique_ptr<backend::Reader>> NewReader() override { return seen_->NewReader(); }
  base::Result<std::unique_ptr<backend::Reader>> NewReservedReader() override {
    RETURN_IF_ERROR(Fault(Planted::kReservedReadersFail));
    return seen_->NewReservedReader();
  }
  base::Result<std::unique_ptr<backend::StructureCheck>> NewStructureCheck() override {
    return seen_->NewStructureCheck();
  }
  base::Status Defragment(DefragmentProgress progress) override {
    return seen_->Defragment(std::move(progress));
  }
  void GiveUpName() override { seen_->GiveUpName(); }
  backend::Sizes sizes() const override { return seen_->sizes(); }
  size_t open_readers() const override { return seen_->open_readers(); }
  bool ReportDamage(const base::Status& damage) override { return seen_->ReportDamage(damage); }

  base::Status Commit(const Batch& batch) override {
    if (CoversEntries(batch)) ++commits_;
    if (commits_ > 1 && planted_ == Planted::kCommitsFail) {
      return {base::Code::kUnavailable, "db.mdb: input/output error"};
    }
    ASSIGN_OR_RETURN(const uint64_t room, disk_.FreeBytes("/"));
    if (room < batch.bytes()) {
      return {base::Code::kResourceExhausted, "db.mdb: no space left on device"};
    }
    CHECK(seen_->Commit(batch).ok());
    const Batch changed = Change(batch);
    // The process learns no more of a failed power than of any other write at that moment.
    if (!disk_.RemoveAll(kCommit).ok()) return {};
    return durable_->Commit(changed);
  }

 private:
  backend::MemoryOptions WithFault(backend::MemoryOptions options) {
    if (options.faults.on_read == nullptr) {
      options.faults.on_read = [this] { return Fault(Planted::kRecordsDamaged); };
    }
    return options;
  }

  // That of a planted failure of reads, once there was a commit.
  base::Status Fault(Planted failing) const {
    if (planted_ != failing || commits_ == 0) return {};
    if (failing == Planted::kRecordsDamaged) return {base::Code::kDataLoss, "a damaged record"};
    return {base::Code::kResourceExhausted, "too many readers"};
  }

  // What is made durable instead of `batch`.
  Batch Change(const Batch& batch) {
    Parted parted = Part(batch);
    switch (planted_) {
      case Planted::kNothing:
      case Planted::kLogNotSynced:
      case Planted::kCommitsFail:
      case Planted::kSnapshotsFail:
      case Planted::kReservedReadersFail:
      case Planted::kRecordsDamaged:
        return batch;
      case Planted::kIndexBeforeItsChanges:
        AddAll(parted.index, &held_);
        return std::exchange(held_, std::move(parted.changes));
      case Planted::kChangesBeforeTheirIndex:
        AddAll(parted.changes, &held_);
        return std::exchange(held_, std::move(parted.index));
      case Planted::kIndexAheadOfItsChanges:
        return WithIndex(parted.changes, +1, 0);
      case Planted::kTermLeftBehind:
        return WithIndex(parted.changes, 0, -1);
      case Planted::kHalfABatch:
        return Half(batch);
      case Planted::kCommitReportedEarly:
        return std::exchange(held_, batch);
    }
    return batch;
  }

  Batch WithIndex(const Batch& changes, int index_by, int term_by) {
    schema::ConsistentIndex covered =
        schema::ReadConsistentIndex(*seen_->NewReader().value()).value();
    covered.index = base::Index(covered.index.value() + static_cast<uint64_t>(index_by));
    covered.term = base::Term(covered.term.value() + static_cast<uint64_t>(term_by));
    Batch changed = changes;
    schema::PutConsistentIndex(covered, &changed);
    return changed;
  }

  // Every other change is left for the next time.
  Batch Half(const Batch& batch) {
    Batch now = std::exchange(held_, {});
    bool later = false;
    for (const Batch::Operation& operation : batch.operations()) {
      later = !later && !IsIndex(batch, operation);
      Add(batch, operation, later ? &held_ : &now);
    }
    return now;
  }

  const std::unique_ptr<backend::Backend> durable_;
  const std::unique_ptr<backend::Backend> seen_;
  runtime::Disk& disk_;
  const Planted planted_;
  Batch held_;
  std::atomic<int> commits_ = 0;  // that cover entries
};

}  // namespace

std::unique_ptr<backend::Backend> OpenPlantedBackend(
    std::shared_ptr<backend::MemoryDatabase> durable, runtime::Disk* disk, Planted planted,
    backend::MemoryOptions options) {
  return std::make_unique<PlantedBackend>(std::move(durable), disk, planted, std::move(options));
}

}  // namespace server
