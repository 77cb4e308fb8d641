#include "storage/wal/log.h"

#include <algorithm>
#include <utility>

#include "base/coverage_mark.h"
#include "raft/codec.h"
#include "storage/wal/entry_head.h"

namespace wal {
namespace {

constexpr uint64_t kCopyBytes = 1 << 20;

std::string WithoutSlash(std::string_view path) {
  while (path.size() > 1 && path.back() == '/') path.remove_suffix(1);
  return std::string(path);
}

constexpr std::string_view kBrokenSuffix = ".broken";

std::string BrokenPath(const std::string& path) {
  return path + std::string(kBrokenSuffix);
}

// The segment of which a repair has kept this file.
std::optional<SegmentName> ParseBroken(std::string_view name) {
  if (!name.ends_with(kBrokenSuffix)) return std::nullopt;
  name.remove_suffix(kBrokenSuffix.size());
  return SegmentName::Parse(name);
}

bool IsOutOfRoom(const base::Status& status) {
  return status.code() == base::Code::kResourceExhausted;
}

// Of a change that may have been made in part: one that failed for want of room is no exception.
base::Status InDoubt(base::Status status) {
  if (!IsOutOfRoom(status)) return status;
  return {base::Code::kUnavailable, std::string(status.message())};
}

}  // namespace

base::Result<std::unique_ptr<Log>> Log::Create(runtime::Disk& disk, std::string_view directory,
                                               base::ByteView metadata, Options options,
                                               const Batch& first) {
  std::unique_ptr<Log> log(new Log(disk, WithoutSlash(directory), options));
  ASSIGN_OR_RETURN(const bool has_log, HasLog(disk, log->directory_));
  if (has_log) {
    return base::Status(base::Code::kAlreadyExists, log->directory_ + ": has a log already");
  }
  RETURN_IF_ERROR(log->CreateFiles(metadata, first));
  return log;
}

base::Status Log::CreateFiles(base::ByteView metadata, const Batch& first) {
  const std::string temporary = directory_ + ".tmp";
  RETURN_IF_ERROR(disk_.RemoveAll(temporary));
  RETURN_IF_ERROR(disk_.CreateDirectories(temporary));
  const SegmentName name;
  ASSIGN_OR_RETURN(
      auto segment,
      PrepareSegment(disk_, runtime::JoinPath(temporary, name.ToString()), options_.segment_bytes));
  metadata_ = metadata;
  RecordWriter writer(0, &buffer_);
  AppendHead(segment.is_preallocated, &writer);
  AppendSnapshotMark({}, &payload_);
  writer.Append(RecordType::kSnapshot, payload_);
  if (!first.entries.empty()) {
    hard_state_ = first.hard_state;
    Encode(first, &writer);
  }
  RETURN_IF_ERROR(segment.file->WriteAt(0, buffer_));
  RETURN_IF_ERROR(segment.file->Sync());
  RETURN_IF_ERROR(disk_.SyncDirectory(temporary));
  ASSIGN_OR_RETURN(const bool exists, disk_.Exists(directory_));
  if (exists) {
    RETURN_IF_ERROR(disk_.Rename(segment.path, runtime::JoinPath(directory_, name.ToString())));
    RETURN_IF_ERROR(disk_.SyncDirectory(directory_));
    RETURN_IF_ERROR(disk_.RemoveAll(temporary));
  } else {
    RETURN_IF_ERROR(disk_.Rename(temporary, directory_));
  }
  RETURN_IF_ERROR(disk_.SyncDirectory(runtime::ParentPath(directory_)));
  segments_.push_back({name, std::move(segment.file)});
  is_preallocated_ = segment.is_preallocated;
  offset_ = buffer_.size();
  chain_ = writer.chain();
  return {};
}

base::Result<Log::Opened> Log::Open(runtime::Disk& disk, std::string_view directory,
                                    const SnapshotMark& start, Options options) {
  std::unique_ptr<Log> log(new Log(disk, WithoutSlash(directory), options));
  ASSIGN_OR_RETURN(const auto names, SelectSegments(disk, log->directory_, start.index));
  RETURN_IF_ERROR(log->LockSegments(names));
  ASSIGN_OR_RETURN(ReadLog read, Read(disk, log->directory_, start, options.is_sole_voter));
  RETURN_IF_ERROR(log->RequireCovered(read.tail));
  if (!options.may_lack_writes) {
    RETURN_IF_ERROR(RequireWhole(disk, read.tail, options.segment_bytes));
  }
  ASSIGN_OR_RETURN(const std::string copy, log->RepairTail(read.tail));
  // A crash came between the two.
  if (read.before.has_value() && read.before->may_be_closed) {
    base::Mark<"wal: a start closes the segment before the last">();
    RETURN_IF_ERROR(log->Close(*(log->segments_.end() - 2), read.before->offset));
  }
  log->metadata_ = read.contents.metadata;
  log->hard_state_ = read.contents.hard_state;
  log->last_index_ = read.tail.last_index;
  log->offset_ = read.tail.offset;
  log->chain_ = read.tail.chain;
  RETURN_IF_ERROR(log->BeginWrites());
  Opened opened{std::move(log), std::move(read.contents), read.tail.must_be_cut, std::nullopt};
  if (read.tail.must_be_cut) {
    opened.cut_off = {read.tail.path, read.tail.offset, read.tail.last_index, copy};
  }
  return opened;
}

base::Result<Log::Opened> Log::OpenPastDamage(runtime::Disk& disk, std::string_view directory,
                                              const SnapshotMark& covered, Options options) {
  std::unique_ptr<Log> log(new Log(disk, WithoutSlash(directory), options));
  ASSIGN_OR_RETURN(const auto names, ListSegments(disk, log->directory_));
  RETURN_IF_ERROR(log->LockSegments(names));
  ASSIGN_OR_RETURN(ReadLog read,
                   ReadPastDamage(disk, log->directory_, covered, options.is_sole_voter));
  RETURN_IF_ERROR(log->RequireCovered(read.tail));
  RETURN_IF_ERROR(RequireWhole(disk, read.tail, options.segment_bytes));
  raft::HardState& state = read.contents.hard_state;
  state.commit = std::max(state.commit, covered.index);
  log->last_index_ = read.tail.last_index;
  RETURN_IF_ERROR(log->BeginAnew(covered, read.contents));
  return Opened{std::move(log), std::move(read.contents), true, std::nullopt};
}

base::Result<Log::Opened> Log::OpenBelow(runtime::Disk& disk, std::string_view directory,
                                         const SnapshotMark& covered, Options options) {
  std::unique_ptr<Log> log(new Log(disk, WithoutSlash(directory), options));
  ASSIGN_OR_RETURN(const auto names, ListSegments(disk, log->directory_));
  RETURN_IF_ERROR(log->LockSegments(names));
  ASSIGN_OR_RETURN(Remains remains, ReadRemains(disk, log->directory_));
  if (!EndsBelow(remains, covered.index)) {
    return base::Status(base::Code::kDataLoss, log->directory_ + ": does not end before entry " +
                                                   base::ToString(covered.index) +
                                                   ", or has no metadata");
  }
  Contents contents{
      .metadata = std::move(remains.metadata), .hard_state = remains.hard_state, .entries = {}};
  raft::HardState& state = contents.hard_state;
  if (state.term < covered.term) state = {.term = covered.term, .vote = {}, .commit = {}};
  state.commit = covered.index;
  log->last_index_ = covered.index;
  RETURN_IF_ERROR(log->BeginAnew(covered, contents));
  return Opened{std::move(log), std::move(contents), true, std::nullopt};
}

base::Status Log::RequireCovered(const Tail& tail) const {
  if (tail.last_index >= options_.covered) return {};
  return {base::Code::kDataLoss, tail.path + ": damaged at offset " + std::to_string(tail.offset) +
                                     ": the log ends at entry " + base::ToString(tail.last_index) +
                                     ", but the database has entry " +
                                     base::ToString(options_.covered)};
}

base::Status RequireWhole(const runtime::Disk& disk, const Tail& tail, uint64_t segment_bytes) {
  if (tail.is_closed && tail.offset >= segment_bytes) {
    return {base::Code::kDataLoss, tail.path +
                                       ": the segment behind it is gone; this one ends at " +
                                       "entry " + base::ToString(tail.last_index)};
  }
  if (!tail.is_preallocated || tail.size >= segment_bytes) return {};
  ASSIGN_OR_RETURN(const bool was_repaired, disk.Exists(BrokenPath(tail.path)));
  if (was_repaired) return {};
  return {base::Code::kDataLoss, tail.path + ": damaged at offset " + std::to_string(tail.size) +
                                     ": the file was cut short; it had " +
                                     std::to_string(segment_bytes) + " bytes"};
}

// The new segment is complete when it appears, and has all that a start needs: from then on what
// lies before it is not looked at. The oldest goes first, so that no gap remains.
base::Status Log::BeginAnew(const SnapshotMark& mark, const Contents& contents) {
  metadata_ = contents.metadata;
  buffer_.clear();
  RecordWriter writer(0, &buffer_);
  AppendHead(false, &writer);
  hard_state_ = contents.hard_state;
  Encode({.mark = &mark, .entries = contents.entries}, &writer);
  ASSIGN_OR_RETURN(PreparedSegment segment,
                   PrepareSegment(disk_, TemporaryPath(0),
                                  std::max<uint64_t>(options_.segment_bytes, buffer_.size())));
  const std::vector<Segment> broken = std::exchange(segments_, {});
  const SegmentName name{broken.back().name.sequence + 1, mark.index};
  RETURN_IF_ERROR(AddSegment(&segment, name, writer.chain()));
  for (const Segment& old : broken) {
    RETURN_IF_ERROR(disk_.Rename(PathOf(old.name), BrokenPath(PathOf(old.name))));
  }
  return disk_.SyncDirectory(directory_);
}

base::Status Log::LockSegments(const std::vector<SegmentName>& names) {
  for (const SegmentName& name : names) {
    ASSIGN_OR_RETURN(auto file, disk_.Open(PathOf(name), runtime::OpenMode::kWrite));
    RETURN_IF_ERROR(file->Lock());
    segments_.push_back({name, std::move(file)});
  }
  return {};
}

// What is behind the end is zeroed, since the records to come would be followed by it; if nothing
// must be cut, it is zeros. And a segment that was cut short (etcd's own repair does that) is made
// whole, so that appends never change its size.
base::Result<std::string> Log::RepairTail(const Tail& tail) {
  const Segment& segment = segments_.back();
  std::string copy;
  if (tail.must_be_cut) {
    base::Mark<"wal: an unfinished write is cut off">();
    ASSIGN_OR_RETURN(copy, KeepBroken(segment));
    RETURN_IF_ERROR(ZeroTail(*segment.file, tail.offset));
  }
  ASSIGN_OR_RETURN(const uint64_t size, segment.file->Size());
  // A write that was cut off may have gone past the size of a segment.
  const uint64_t wanted = std::max(options_.segment_bytes, tail.offset);
  if (size > wanted) RETURN_IF_ERROR(segment.file->Truncate(wanted));
  if (size < options_.segment_bytes) {
    ASSIGN_OR_RETURN(is_preallocated_,
                     HasRoom(disk_, PathOf(segment.name), options_.segment_bytes - size));
    if (is_preallocated_) RETURN_IF_ERROR(segment.file->Allocate(options_.segment_bytes));
  }
  RETURN_IF_ERROR(segment.file->Sync());
  return copy;
}

// Without room the member starts without a copy: what is cut off was never acknowledged. A segment
// that was prepared and is not used yet gives its own.
base::Result<std::string> Log::KeepBroken(const Segment& segment) {
  for (const unsigned number : {0u, 1u}) {
    ASSIGN_OR_RETURN(const bool exists, disk_.Exists(TemporaryPath(number)));
    if (exists) RETURN_IF_ERROR(disk_.Remove(TemporaryPath(number)));
  }
  std::string path = BrokenPath(PathOf(segment.name));
  const base::Status copied = CopyBroken(segment, path);
  if (copied.ok()) return path;
  RETURN_IF_ERROR(disk_.Remove(path));
  return copied.code() == base::Code::kResourceExhausted ? base::Result<std::string>("") : copied;
}

base::Status Log::CopyBroken(const Segment& segment, const std::string& path) {
  ASSIGN_OR_RETURN(const auto copy, disk_.Open(path, runtime::OpenMode::kCreateOrTruncate));
  ASSIGN_OR_RETURN(const uint64_t size, segment.file->Size());
  base::Bytes piece;
  for (uint64_t offset = 0; offset < size; offset += piece.size()) {
    RETURN_IF_ERROR(segment.file->ReadAt(offset, kCopyBytes, &piece));
    if (piece.empty()) break;
    RETURN_IF_ERROR(copy->WriteAt(offset, piece));
  }
  RETURN_IF_ERROR(copy->Sync());
  return disk_.SyncDirectory(directory_);
}

base::Status Log::Append(const Batch& batch, const OnWritten& on_written) {
  CHECK(!failed_);
  if (IsFull()) RETURN_IF_ERROR(Settle(Cut()));
  RETURN_IF_ERROR(Settle(Write(batch, on_written)));
  return CutIfFull();
}

base::Status Log::WriteState() {
  CHECK(!failed_);
  if (!keeps_state_) return {};
  if (IsFull()) RETURN_IF_ERROR(Settle(Cut()));
  RETURN_IF_ERROR(Settle(WriteRecords({}, [] {})));
  return CutIfFull();
}

// What was written is durable, whether there is room for another segment or not.
base::Status Log::CutIfFull() {
  if (!IsFull()) return {};
  base::Status status = Settle(Cut());
  return IsOutOfRoom(status) ? base::Status() : status;
}

base::Status Log::Settle(base::Status status) {
  failed_ = !status.ok() && !IsOutOfRoom(status);
  return status;
}

// A mark is believed if a hard state says that its entry is committed, and the entries behind it
// can be read only then. So it is durable, with such a hard state, before they are written: of a
// write that a crash has torn the hard state may be what is lost.
base::Status Log::Write(const Batch& batch, const OnWritten& on_written) {
  if (batch.mark == nullptr || batch.entries.empty()) return WriteOnce(batch, on_written);
  raft::HardState state = batch.hard_state.empty() ? hard_state_ : batch.hard_state;
  state.commit = std::max(hard_state_.commit, std::min(state.commit, batch.mark->index));
  RETURN_IF_ERROR(WriteOnce({.mark = batch.mark, .hard_state = state}, [] {}));
  return WriteOnce({.entries = batch.entries, .hard_state = batch.hard_state}, on_written);
}

base::Status Log::WriteOnce(const Batch& batch, const OnWritten& on_written) {
  const raft::HardState before = hard_state_;
  if (!batch.hard_state.empty()) hard_state_ = batch.hard_state;
  const bool raises_commit_only =
      hard_state_.term == before.term && hard_state_.vote == before.vote;
  if (batch.mark == nullptr && batch.entries.empty() && raises_commit_only) {
    keeps_state_ |= hard_state_.commit != before.commit;
    return {};
  }
  base::Status status = WriteRecords(batch, on_written);
  if (!status.ok()) hard_state_ = before;
  return status;
}

base::Status Log::WriteRecords(const Batch& batch, const OnWritten& on_written) {
  const bool kept_state = keeps_state_;
  const base::Index last_index = last_index_;
  buffer_.clear();
  RecordWriter writer(chain_, &buffer_);
  Encode(batch, &writer);
  base::Status status = WriteBuffered(writer.chain(), on_written);
  if (!status.ok()) {
    keeps_state_ = kept_state;
    last_index_ = last_index;
  }
  return status;
}

base::Status Log::WriteBuffered(uint32_t chain, const OnWritten& on_written) {
  runtime::File& file = *segments_.back().file;
  RETURN_IF_ERROR(file.WriteAt(offset_, buffer_));
  on_written();
  RETURN_IF_ERROR(InDoubt(file.Sync()));
  offset_ += buffer_.size();
  written_bytes_ += buffer_.size();
  chain_ = chain;
  return {};
}

base::Status Log::BeginWrites() {
  if (IsFull()) return CutIfFull();  // the head of the next one says as much
  buffer_.clear();
  RecordWriter writer(chain_, &buffer_);
  writer.Append(RecordType::kMetadata, metadata_);
  AppendState(&writer);
  RETURN_IF_ERROR(WriteBuffered(writer.chain(), [] {}));
  return CutIfFull();
}

void Log::AppendHead(bool is_preallocated, RecordWriter* writer) const {
  writer->AppendCrc();
  for (int i = 0; i < (is_preallocated ? 3 : 2); ++i) {
    writer->Append(RecordType::kMetadata, metadata_);
  }
}

void Log::Encode(const Batch& batch, RecordWriter* writer) {
  if (batch.mark != nullptr) {
    payload_.clear();
    AppendSnapshotMark(*batch.mark, &payload_);
    writer->Append(RecordType::kSnapshot, payload_);
    last_index_ = std::max(last_index_, batch.mark->index);
  }
  entries_.clear();
  for (const raft::Entry& entry : batch.entries) {
    while (!entries_.empty() && entries_.back()->index >= entry.index) entries_.pop_back();
    entries_.push_back(&entry);
  }
  // A hard state behind another one would not say that the write before had ended; see reader.cc.
  if (batch.mark == nullptr && entries_.empty()) writer->Append(RecordType::kMetadata, metadata_);
  for (const raft::Entry* const entry : entries_) {
    writer->Append(RecordType::kEntry, EntryHead(*entry).view(), entry->data.view());
    last_index_ = entry->index;
  }
  AppendState(writer);
}

void Log::AppendState(RecordWriter* writer) {
  keeps_state_ = false;
  payload_.clear();
  raft::Encode(hard_state_, &payload_);
  writer->Append(RecordType::kState, payload_);
}

// The segment appears under its name with its opening records durable, or not at all: a log that
// ends with a full segment is as good as one that ends with an empty one, until that one is closed.
base::Status Log::Cut() {
  const Segment& full = segments_.back();
  const uint64_t end = offset_;
  RETURN_IF_ERROR(full.file->Truncate(offset_));
  RETURN_IF_ERROR(InDoubt(full.file->Sync()));
  if (next_.file == nullptr) {
    // The name that no other thread is busy with.
    const std::string path = TemporaryPath(requested_ ? 1 - requested_number_ : 0);
    ASSIGN_OR_RETURN(next_, PrepareSegment(disk_, path, options_.segment_bytes));
  }
  const bool kept_state = keeps_state_;
  buffer_.clear();
  RecordWriter writer(chain_, &buffer_);
  AppendHead(next_.is_preallocated, &writer);
  AppendState(&writer);
  const SegmentName name{full.name.sequence + 1, last_index_ + 1};
  base::Status status = AddSegment(&next_, name, writer.chain());
  if (!status.ok()) {
    keeps_state_ = kept_state;
    return status;
  }
  return Close(*(segments_.end() - 2), end);
}

base::Status Log::Close(const Segment& full, uint64_t offset) {
  RETURN_IF_ERROR(InDoubt(full.file->Truncate(offset + kClosingBytes)));
  return InDoubt(full.file->Sync());
}

base::Status Log::AddSegment(PreparedSegment* segment, const SegmentName& name, uint32_t chain) {
  RETURN_IF_ERROR(segment->file->WriteAt(0, buffer_));
  PreparedSegment added = std::exchange(*segment, {});
  RETURN_IF_ERROR(InDoubt(added.file->Sync()));
  RETURN_IF_ERROR(InDoubt(disk_.Rename(added.path, PathOf(name))));
  RETURN_IF_ERROR(InDoubt(disk_.SyncDirectory(directory_)));
  segments_.push_back({name, std::move(added.file)});
  is_preallocated_ = added.is_preallocated;
  offset_ = buffer_.size();
  chain_ = chain;
  return {};
}

std::optional<std::string> Log::RequestSegment() {
  if (next_.file != nullptr || requested_) return std::nullopt;
  requested_ = true;
  requested_number_ = 1 - requested_number_;
  return TemporaryPath(requested_number_);
}

base::Status Log::DropSpare() {
  if (next_.file == nullptr || !next_.is_preallocated) return {};
  const PreparedSegment spare = std::exchange(next_, {});
  base::Mark<"wal: a segment that was prepared gives its room back">();
  return disk_.Remove(spare.path);
}

void Log::ProvideSegment(base::Result<PreparedSegment> segment) {
  CHECK(requested_);
  requested_ = false;
  if (!segment.ok()) return;
  next_ = std::move(segment).value();
  next_.path = TemporaryPath(requested_number_);  // the log may have moved
}

void Log::Release(base::Index index) {
  // Segment i holds entries below the first index of segment i + 1 only.
  size_t needless = 0;
  while (needless + 1 < segments_.size() && segments_[needless + 1].name.first_index <= index) {
    ++needless;
  }
  segments_.erase(segments_.begin(), segments_.begin() + static_cast<ptrdiff_t>(needless));
}

base::Status Log::Purge(size_t keep) {
  CHECK(!failed_);
  ASSIGN_OR_RETURN(const auto names, ListSegments(disk_, directory_));
  size_t left = names.size();
  for (const SegmentName& name : names) {
    if (left <= keep || name.sequence >= segments_.front().name.sequence) break;
    RETURN_IF_ERROR(disk_.Remove(PathOf(name)));
    --left;
  }
  if (left < names.size()) RETURN_IF_ERROR(disk_.SyncDirectory(directory_));
  return PurgeBroken(std::max<size_t>(keep, 1));
}

base::Result<bool> Log::SetAside(uint64_t sequence) {
  CHECK(!failed_);
  if (sequence >= segments_.front().name.sequence) return false;
  ASSIGN_OR_RETURN(const auto names, ListSegments(disk_, directory_));
  for (const SegmentName& name : names) {
    if (name.sequence > sequence) break;
    RETURN_IF_ERROR(disk_.Rename(PathOf(name), BrokenPath(PathOf(name))));
  }
  RETURN_IF_ERROR(disk_.SyncDirectory(directory_));
  return true;
}

base::Status Log::PurgeBroken(size_t keep) {
  ASSIGN_OR_RETURN(const auto names, disk_.List(directory_));
  for (const std::string& name : names) {
    const auto broken = ParseBroken(name);
    if (!broken.has_value() || broken->sequence + keep > segments_.back().name.sequence) continue;
    RETURN_IF_ERROR(disk_.Remove(runtime::JoinPath(directory_, name)));
  }
  return {};
}

// A segment that is being made meanwhile comes to lie in the new directory with the others, or
// fails and is asked for again.
base::Status Log::MoveTo(std::string_view directory) {
  CHECK(!failed_);
  const std::string to = WithoutSlash(directory);
  base::Status status = disk_.Rename(directory_, to);
  if (status.ok()) status = disk_.SyncDirectory(runtime::ParentPath(to));
  failed_ = !status.ok();
  directory_ = to;
  if (next_.file != nullptr) next_.path = TemporaryPath(requested_number_);
  return status;
}

std::vector<SegmentName> Log::segments() const {
  std::vector<SegmentName> names;
  names.reserve(segments_.size());
  for (const Segment& segment : segments_) names.push_back(segment.name);
  return names;
}

std::string Log::TemporaryPath(unsigned number) const {
  return runtime::JoinPath(directory_, number == 0 ? "0.tmp" : "1.tmp");
}

std::string Log::PathOf(const SegmentName& name) const {
  return runtime::JoinPath(directory_, name.ToString());
}

}  // namespace wal
