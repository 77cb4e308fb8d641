#include "sim/replica_storage.h"

#include <utility>

#include "base/crc32c.h"
#include "raft/codec.h"

namespace sim {
namespace {

constexpr std::string_view kLogDirectory = "/wal";
constexpr std::string_view kSnapshotDirectory = "/snap";
// Small, so that every run crosses many segments.
constexpr wal::Log::Options kLogOptions = {.segment_bytes = 64 * 1024};
constexpr size_t kSegmentsKept = 2;

std::string SnapshotPath(base::Index index) {
  return runtime::JoinPath(kSnapshotDirectory, ToString(index));
}

wal::SnapshotMark MarkOf(const raft::Snapshot& snapshot) {
  wal::SnapshotMark mark{snapshot.index, snapshot.term, {}};
  raft::Encode(snapshot.conf_state, &mark.conf_state);
  return mark;
}

// A file that a mark in the log names was durable before the mark was.
base::Result<raft::SnapshotPtr> ReadSnapshotFile(runtime::Disk& disk, base::Index index) {
  ASSIGN_OR_RETURN(const base::Bytes file, ReadFile(disk, SnapshotPath(index)));
  const base::ByteView encoded = base::ByteView(file).substr(std::min<size_t>(4, file.size()));
  if (file.size() < 4 || base::Load32Le(file.data()) != base::Crc32c(encoded)) {
    return base::Status(base::Code::kDataLoss, SnapshotPath(index) + ": damaged");
  }
  ASSIGN_OR_RETURN(raft::Snapshot snapshot, raft::DecodeSnapshot(encoded));
  return raft::SnapshotPtr(std::make_shared<raft::Snapshot>(std::move(snapshot)));
}

base::Result<ReplicaStorage::Recovered> Recover(runtime::Disk& disk, const wal::SnapshotMark& mark,
                                                wal::Contents contents) {
  ReplicaStorage::Recovered recovered;
  recovered.hard_state = contents.hard_state;
  recovered.entries = std::move(contents.entries);
  if (mark.index > base::Index(0)) {
    ASSIGN_OR_RETURN(recovered.snapshot, ReadSnapshotFile(disk, mark.index));
  }
  return recovered;
}

}  // namespace

base::Result<ReplicaStorage::Opened> ReplicaStorage::Open(runtime::Disk& disk) {
  RETURN_IF_ERROR(disk.CreateDirectories(kSnapshotDirectory));
  RETURN_IF_ERROR(disk.SyncDirectory("/"));
  ASSIGN_OR_RETURN(const bool exists, disk.Exists(kLogDirectory));
  if (!exists) {
    ASSIGN_OR_RETURN(auto log, wal::Log::Create(disk, kLogDirectory, "metadata", kLogOptions));
    return Opened{std::unique_ptr<ReplicaStorage>(new ReplicaStorage(disk, std::move(log))), {}};
  }
  ASSIGN_OR_RETURN(const auto mark, wal::FindNewestMark(disk, kLogDirectory));
  ASSIGN_OR_RETURN(auto opened, wal::Log::Open(disk, kLogDirectory, mark, kLogOptions));
  ASSIGN_OR_RETURN(auto recovered, Recover(disk, mark, std::move(opened.contents)));
  return Opened{std::unique_ptr<ReplicaStorage>(new ReplicaStorage(disk, std::move(opened.log))),
                std::move(recovered)};
}

base::Status ReplicaStorage::Save(const raft::Output& output) {
  wal::Batch batch;
  wal::SnapshotMark mark;
  if (output.snapshot != nullptr) {
    RETURN_IF_ERROR(WriteSnapshotFile(*output.snapshot));
    mark = MarkOf(*output.snapshot);
    batch.mark = &mark;
  }
  batch.entries = output.entries;
  if (output.hard_state.has_value()) batch.hard_state = *output.hard_state;
  return log_->Append(batch);
}

base::Status ReplicaStorage::SaveSnapshot(const raft::Snapshot& snapshot) {
  RETURN_IF_ERROR(WriteSnapshotFile(snapshot));
  const wal::SnapshotMark mark = MarkOf(snapshot);
  wal::Batch batch;
  batch.mark = &mark;
  RETURN_IF_ERROR(log_->Append(batch));
  log_->Release(snapshot.index);
  return log_->Purge(kSegmentsKept);
}

base::Status ReplicaStorage::WriteSnapshotFile(const raft::Snapshot& snapshot) {
  base::Bytes file(4, '\0');
  raft::Encode(snapshot, &file);
  base::Store32Le(file.data(), base::Crc32c(base::ByteView(file).substr(4)));
  const std::string path = SnapshotPath(snapshot.index);
  ASSIGN_OR_RETURN(auto opened, disk_.Open(path, runtime::OpenMode::kCreateOrTruncate));
  RETURN_IF_ERROR(opened->WriteAt(0, file));
  RETURN_IF_ERROR(opened->Sync());
  return disk_.SyncDirectory(kSnapshotDirectory);
}

}  // namespace sim
