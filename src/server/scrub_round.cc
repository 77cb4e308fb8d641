#include "server/scrub_round.h"

#include <utility>

#include "storage/schema/schema.h"

namespace server {
namespace {

// Between two times that what a scan has passed is taken out of this process's memory.
constexpr uint64_t kDropBytes = 8 << 20;

bool IsGone(const base::Status& status) {
  return status.code() == base::Code::kNotFound;
}
bool IsDamage(const base::Status& status) {
  return status.code() == base::Code::kDataLoss;
}

}  // namespace

std::string_view NameOf(ScrubbedKind kind) {
  switch (kind) {
    case ScrubbedKind::kLog:
      return "log";
    case ScrubbedKind::kSnapshot:
      return "snapshot";
    case ScrubbedKind::kDatabase:
      break;
  }
  return "database";
}

ScrubRound::ScrubRound(runtime::Disk* disk, const Paths& paths)
    : disk_(*disk), paths_(paths), directory_(disk, paths.snap) {}

base::Result<uint64_t> ScrubRound::Step(backend::Backend& database, uint64_t bytes) {
  switch (phase_) {
    case Phase::kBegin:
      RETURN_IF_ERROR(Begin());
      return uint64_t{0};
    case Phase::kLog:
      return StepLog(bytes);
    case Phase::kSnapshots:
      return StepSnapshots();
    case Phase::kStructure:
      return StepStructure(database, bytes);
    case Phase::kDatabase:
      return StepDatabase(database, bytes);
    case Phase::kDone:
      break;
  }
  return uint64_t{0};
}

base::Status ScrubRound::Begin() {
  ASSIGN_OR_RETURN(segments_, wal::ListSegments(disk_, paths_.wal));
  ASSIGN_OR_RETURN(snapshots_, directory_.List());
  phase_ = Phase::kLog;
  return {};
}

base::Result<uint64_t> ScrubRound::StepLog(uint64_t bytes) {
  if (segment_ + 1 >= segments_.size()) {
    phase_ = Phase::kSnapshots;
    return uint64_t{0};
  }
  const base::Status opened = check_ != nullptr ? base::Status() : OpenSegment();
  const auto read = opened.ok() ? check_->Step(bytes) : base::Result<uint64_t>(opened);
  if (read.ok() && *read > 0) return *read;
  chain_.reset();
  if (read.ok()) {
    chain_ = check_->chain();
  } else if (IsDamage(read.status())) {
    damages_.push_back({.kind = ScrubbedKind::kLog,
                        .path = check_->path(),
                        .offset = check_->offset(),
                        .status = read.status(),
                        .segment = segments_[segment_].sequence,
                        .end = segments_[segment_ + 1].first_index});
  } else if (!IsGone(read.status())) {
    return read.status();
  }
  check_.reset();
  ++segment_;
  return uint64_t{0};
}

base::Status ScrubRound::OpenSegment() {
  ASSIGN_OR_RETURN(
      check_, wal::SegmentCheck::Open(
                  disk_, runtime::JoinPath(paths_.wal, segments_[segment_].ToString()), chain_));
  return {};
}

base::Result<uint64_t> ScrubRound::StepSnapshots() {
  if (snapshot_ == snapshots_.size()) {
    phase_ = Phase::kStructure;
    return uint64_t{0};
  }
  const snap::SnapshotName& name = snapshots_[snapshot_];
  ASSIGN_OR_RETURN(const snap::SnapshotDirectory::Checked checked, directory_.Check(name));
  ++snapshot_;
  if (!checked.is_whole) {
    const std::string path = runtime::JoinPath(paths_.snap, name.ToString());
    damages_.push_back({.kind = ScrubbedKind::kSnapshot,
                        .path = path,
                        .status = {base::Code::kDataLoss, path + ": damaged snapshot file"}});
  }
  return checked.bytes;
}

base::Result<uint64_t> ScrubRound::StepStructure(backend::Backend& database, uint64_t bytes) {
  base::Result<uint64_t> read = uint64_t{0};
  if (structure_ == nullptr) {
    auto begun = database.NewStructureCheck();
    if (begun.ok()) {
      structure_ = *std::move(begun);
    } else {
      read = begun.status();
    }
  }
  if (structure_ != nullptr) read = structure_->Step(bytes);
  if (read.ok() && *read > 0) return read;
  structure_.reset();
  if (IsDamage(read.status())) {
    damages_.push_back(
        {.kind = ScrubbedKind::kDatabase, .path = paths_.database, .status = read.status()});
  } else if (!read.ok()) {
    return read;
  }
  phase_ = Phase::kDatabase;
  return uint64_t{0};
}

// The keys in the pages that lead to a record have no checksum: one that is wrong leads elsewhere.
// Why a cursor each time: one that stands in the record's page does not go through the others.
base::Status ScrubRound::CheckIsFound(backend::Reader& reader,
                                      const backend::Cursor& cursor) const {
  const auto found = reader.NewCursor(bucket_);
  RETURN_IF_ERROR(found->Seek(cursor.key()));
  if (found->valid() && found->key() == cursor.key() && found->value() == cursor.value()) return {};
  return {base::Code::kDataLoss, paths_.database + ": bucket " +
                                     std::string(schema::kBucketNames[bucket_]) +
                                     ": a record is not found by its key"};
}

base::Result<uint64_t> ScrubRound::StepDatabase(backend::Backend& database, uint64_t bytes) {
  if (bucket_ == schema::kBucketNames.size()) {
    phase_ = Phase::kDone;
    return uint64_t{0};
  }
  ASSIGN_OR_RETURN(const auto reader, database.NewReader());
  const auto cursor = reader->NewCursor(bucket_);
  base::Status status = cursor->Seek(key_);
  if (status.ok() && cursor->valid() && !key_.empty() && cursor->key() == key_) {
    status = cursor->Next();
  }
  uint64_t read = 0;
  while (status.ok() && cursor->valid()) {
    status = CheckIsFound(*reader, *cursor);
    if (!status.ok()) break;
    read += cursor->key().size() + cursor->value().size();
    if (read >= bytes) break;
    status = cursor->Next();
  }
  since_drop_ += read;
  if (since_drop_ >= kDropBytes) {
    cursor->DropPassed();
    since_drop_ = 0;
  }
  if (status.ok() && cursor->valid()) {
    key_ = cursor->key();
    return read;
  }
  if (IsDamage(status)) {
    damages_.push_back(
        {.kind = ScrubbedKind::kDatabase, .path = paths_.database, .status = status});
  } else if (!status.ok()) {
    return status;
  }
  ++bucket_;
  key_.clear();
  return read;
}

}  // namespace server
