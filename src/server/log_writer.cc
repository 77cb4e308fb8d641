#include "server/log_writer.h"

#include <algorithm>
#include <string>
#include <utility>

#include "base/coverage_mark.h"
#include "raft/codec.h"
#include "runtime/failpoint.h"

// Why group commit: a sync takes as long for one entry as for a thousand. One write is out at a
// time; what the raft loop hands over meanwhile gathers in `waiting_` and is the next one. Under
// load the writes become larger instead of more, and without load nothing waits.
//
// Why marks go the same way: a mark of a snapshot is believed only behind a hard state that says
// its entry is committed, so it must come after what was handed over before it.

namespace server {
namespace {

// Without another write a commit index waits so long.
constexpr runtime::Duration kIdle = std::chrono::milliseconds(10);
// Between two tries to write to a disk that had no room.
constexpr runtime::Duration kRoomPause = std::chrono::milliseconds(200);

wal::SnapshotMark MarkOf(const raft::Snapshot& snapshot) {
  wal::SnapshotMark mark{snapshot.index, snapshot.term, {}};
  raft::Encode(snapshot.conf_state, &mark.conf_state);
  return mark;
}

// What makes the log write: it takes the newest commit index with it.
bool Writes(const raft::Output& output) {
  return output.must_sync || !output.entries.empty() || output.snapshot != nullptr;
}

// Nothing waits for such an output: it goes to the log with the next one that is waited for.
bool OnlyRaisesCommit(const raft::Output& output) {
  return !output.must_sync && output.persisted.empty() && output.messages_after_persist.empty();
}

}  // namespace

LogWriter::LogWriter(const Options& options, const Environment& environment, DiskRoom* room,
                     Failure* failure, std::unique_ptr<wal::Log> log, OnWritten on_written)
    : options_(options),
      environment_(environment),
      room_(*room),
      failure_(*failure),
      on_written_(std::move(on_written)),
      log_(std::move(log)),
      metrics_(environment.registry),
      snapshots_(environment.disk, Paths(options).snap),
      snapshot_metrics_(environment.registry) {}

bool LogWriter::CheckDisk(const base::Status& status) {
  if (status.ok()) return true;
  failure_.Report({status.code(), "the disk failed: " + std::string(status.message())});
  return false;
}

void LogWriter::Write(raft::Output output, bool commit_is_news) {
  if (output.snapshot != nullptr) received_ = output.snapshot->index;
  const bool can_wait = OnlyRaisesCommit(output);
  if (commit_is_news && output.hard_state.has_value() && !Writes(output)) {
    if (!std::exchange(keeps_commit_, true)) {
      kept_since_ = environment_.raft_loop->clock().Now();
    }
    WriteStateLater(kIdle);
  }
  if (!waiting_.empty() && waiting_.back().bytes >= kWriteBytes) waiting_.emplace_back();
  Work& work = Newest();
  for (const raft::Entry& entry : output.entries) work.bytes += entry.data.size();
  if (can_wait && !work.outputs.empty() && OnlyRaisesCommit(work.outputs.back())) {
    work.outputs.back() = std::move(output);
  } else {
    work.outputs.push_back(std::move(output));
  }
  if (!writing_ && !can_wait) Submit();
}

LogWriter::Work& LogWriter::Newest() {
  return waiting_.empty() ? waiting_.emplace_back() : waiting_.back();
}

void LogWriter::WriteStateLater(runtime::Duration pause) {
  if (std::exchange(idle_timer_runs_, true)) return;
  if (idle_timer_ == nullptr) {
    idle_timer_ = environment_.raft_loop->NewTimer([this] { OnIdleTimer(); });
  }
  idle_timer_->Arm(pause);
}

// The timer runs from the first commit index on that was kept; entries may have taken that one
// along and others may have come.
void LogWriter::OnIdleTimer() {
  idle_timer_runs_ = false;
  if (!keeps_commit_) return;
  const runtime::Duration kept = environment_.raft_loop->clock().Now() - kept_since_;
  if (kept < kIdle) return WriteStateLater(kIdle - kept);
  if (writing_) return WriteStateLater(kIdle);
  Newest().writes_state = true;
  Submit();
}

void LogWriter::Submit() {
  writing_ = true;
  ++writes_;
  auto work = std::make_shared<Work>(std::move(waiting_.front()));
  waiting_.pop_front();
  if (work->mark != nullptr && work->mark->snapshot.index <= received_) {
    environment_.apply_loop->Post(
        [mark = std::exchange(work->mark, nullptr)] { mark->done(true); });
  }
  const bool takes_commit =
      work->writes_state || std::any_of(work->outputs.begin(), work->outputs.end(), Writes);
  if (takes_commit && waiting_.empty()) keeps_commit_ = false;
  environment_.wal_loop->Post([this, work]() mutable { Run(std::move(work)); });
}

void LogWriter::Run(std::shared_ptr<Work> work) {
  if (failure_.failed()) return;
  const base::Status status = CarryOut(*work);
  if (status.code() == base::Code::kResourceExhausted) return RunLater(std::move(work), status);
  if (!CheckDisk(status)) return;
  if (std::exchange(waits_for_room_, false)) {
    environment_.logger->Info("the disk of the log has room again", {});
    base::Mark<"server: the disk of the log has room again">();
  }
  // What is kept for later is needed now.
  if (room_.is_low() && !CheckDisk(log_->DropSpare())) return;
  PrepareSegment();
  environment_.raft_loop->Post([this, work = std::move(work)] { OnDone(*work); });
}

// Nothing else is done with the log meanwhile: what it has next is this.
void LogWriter::RunLater(std::shared_ptr<Work> work, const base::Status& why) {
  if (!std::exchange(waits_for_room_, true)) {
    base::Mark<"server: the disk of the log is full">();
    environment_.logger->Error("the disk of the log is full; writes wait until there is room",
                               {{"error", why.message()}});
  }
  room_timer_ = environment_.wal_loop->NewTimer(
      [this, work = std::move(work)]() mutable { Run(std::move(work)); });
  room_timer_->Arm(kRoomPause);
}

base::Status LogWriter::CarryOut(Work& work) {
  if (!work.are_appended) RETURN_IF_ERROR(Append(work.outputs));
  work.are_appended = true;
  if (work.writes_state) RETURN_IF_ERROR(log_->WriteState());
  return work.mark == nullptr ? base::Status() : Mark(work.mark->snapshot);
}

void LogWriter::OnDone(Work& work) {
  writing_ = false;
  if (!waiting_.empty()) Submit();
  if (work.mark != nullptr) {
    environment_.apply_loop->Post([mark = work.mark] { mark->done(true); });
  }
  if (!work.outputs.empty()) on_written_(work.outputs);
}

// What came before a received snapshot in the same turn is of no interest any more, but for the
// hard state, which is the newest in any case.
base::Status LogWriter::Append(const std::vector<raft::Output>& outputs) {
  entries_.clear();
  wal::Batch batch;
  wal::SnapshotMark mark;
  for (const raft::Output& output : outputs) {
    if (output.snapshot != nullptr) {
      mark = MarkOf(*output.snapshot);
      batch.mark = &mark;
      entries_.clear();
    }
    entries_.insert(entries_.end(), output.entries.begin(), output.entries.end());
    if (output.hard_state.has_value()) batch.hard_state = *output.hard_state;
  }
  batch.entries = entries_;
  if (!batch.entries.empty() || !batch.hard_state.empty() || batch.mark != nullptr) {
    RETURN_IF_ERROR(AppendTimed(batch));
  }
  entries_.clear();
  LogPreallocation();
  metrics_.written_bytes.Set(static_cast<double>(log_->written_bytes()));
  room_.Wrote(log_->written_bytes() - written_bytes_);
  written_bytes_ = log_->written_bytes();
  return {};
}

base::Status LogWriter::AppendTimed(const wal::Batch& batch) {
  const runtime::Clock& clock = environment_.wal_loop->clock();
  const runtime::TimePoint start = clock.Now();
  std::optional<runtime::TimePoint> written;
  const bool marks = batch.mark != nullptr;
  runtime::Reach(marks ? runtime::Failpoint::kRaftBeforeSaveSnap
                       : runtime::Failpoint::kRaftBeforeSave);
  RETURN_IF_ERROR(log_->Append(batch, [&] { written = clock.Now(); }));
  runtime::Reach(marks ? runtime::Failpoint::kRaftAfterSaveSnap
                       : runtime::Failpoint::kRaftAfterSave);
  if (marks) runtime::Reach(runtime::Failpoint::kRaftAfterWalRelease);
  if (!written.has_value()) return {};  // the log keeps it for the next write
  metrics_.write_seconds.Observe(*written - start);
  metrics_.fsync_seconds.Observe(clock.Now() - *written);
  return {};
}

void LogWriter::LogPreallocation() {
  if (log_->is_preallocated() == was_preallocated_) return;
  was_preallocated_ = log_->is_preallocated();
  const std::string segment = log_->segments().back().ToString();
  if (was_preallocated_) {
    environment_.logger->Info("log segments are preallocated again", {{"segment", segment}});
  } else {
    base::Mark<"server: a segment of the log is not preallocated">();
    environment_.logger->Warn(
        "the disk has no space to spare; the log segment is not preallocated",
        {{"segment", segment}, {"segment-size-bytes", options_.wal_segment_bytes}});
  }
}

void LogWriter::PrepareSegment() {
  std::optional<std::string> path = log_->RequestSegment();
  if (!path.has_value()) return;
  using Prepared = base::Result<wal::PreparedSegment>;
  auto prepared = std::make_shared<std::optional<Prepared>>();
  const bool accepted = environment_.log_workers->Run(
      [this, path = std::move(*path), prepared] {
        *prepared = wal::PrepareSegment(*environment_.disk, path, options_.wal_segment_bytes);
      },
      environment_.wal_loop, [this, prepared] { log_->ProvideSegment(std::move(**prepared)); });
  if (!accepted) {
    log_->ProvideSegment(base::Status(base::Code::kResourceExhausted, "the workers are busy"));
  }
}

void LogWriter::SaveSnapshot(snap::Snapshot snapshot, base::Callback<void(bool saved)> done) {
  auto saved = std::make_shared<Snapshotting>(Snapshotting{std::move(snapshot), std::move(done)});
  const bool accepted = environment_.log_workers->Run(
      [this, saved] { Save(*saved); }, environment_.raft_loop,
      [this, saved] {
        if (saved->file.code() == base::Code::kResourceExhausted) {
          return environment_.apply_loop->Post([saved] { saved->done(false); });
        }
        if (!CheckDisk(saved->file) || failure_.failed()) return;
        Newest().mark = saved;
        if (!writing_) Submit();
      });
  if (!accepted) environment_.apply_loop->Post([saved] { saved->done(false); });
}

void LogWriter::Save(Snapshotting& snapshotting) {
  const snap::Snapshot& snapshot = snapshotting.snapshot;
  const runtime::Clock& clock = environment_.raft_loop->clock();
  const runtime::TimePoint start = clock.Now();
  const base::Bytes file = snap::EncodeSnapshotFile(snapshot);
  const runtime::TimePoint encoded = clock.Now();
  snapshotting.file = snapshots_.Save({snapshot.term, snapshot.index}, file);
  if (!snapshotting.file.ok()) return;
  const runtime::TimePoint end = clock.Now();
  snapshot_metrics_.encode_seconds.Observe(encoded - start);
  snapshot_metrics_.fsync_seconds.Observe(end - encoded);
  snapshot_metrics_.seconds.Observe(end - start);
  if (options_.max_snapshots > 0) snapshotting.file = snapshots_.Purge(options_.max_snapshots);
}

void LogWriter::RunOnLog(base::Callback<base::Status(wal::Log* log)> work,
                         base::Callback<void()> done) {
  environment_.wal_loop->Post([this, work = std::move(work), done = std::move(done)]() mutable {
    if (failure_.failed() || !CheckDisk(work(log_.get()))) return;
    environment_.apply_loop->Post(std::move(done));
  });
}

base::Status LogWriter::Mark(const snap::Snapshot& snapshot) {
  const wal::SnapshotMark mark{snapshot.index, snapshot.term, snapshot.conf_state};
  runtime::Reach(runtime::Failpoint::kRaftBeforeSaveSnap);
  RETURN_IF_ERROR(log_->Append({.mark = &mark}));
  runtime::Reach(runtime::Failpoint::kRaftAfterSaveSnap);
  log_->Release(snapshot.index);
  runtime::Reach(runtime::Failpoint::kRaftAfterWalRelease);
  environment_.logger->Info("saved snapshot to disk", {{"snapshot-index", snapshot.index.value()}});
  return options_.max_wals == 0 ? base::Status() : log_->Purge(options_.max_wals);
}

}  // namespace server
