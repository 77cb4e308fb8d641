#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <vector>

#include "base/callback.h"
#include "raft/output.h"
#include "runtime/loop.h"
#include "runtime/workers.h"
#include "server/data_directory.h"
#include "server/disk_room.h"
#include "server/failure.h"
#include "server/metrics.h"
#include "storage/snap/snapshot_directory.h"
#include "storage/wal/log.h"

namespace server {

// Makes durable what the raft loop hands to it, in that order: what gathers while the disk is busy
// is written and synced as one, up to kWriteBytes, so that a write which does not end tells of the
// disk and not of how much there is to write. What waits is bounded by those who propose and by
// what other members may send (Frontend, Replica::kInboxBytes). Belongs to the raft loop; the log
// itself to the WAL loop. A disk that fails is the member's failure: one that may have lied about
// its disk must not vote. One that has no room is waited for, as one that stands still.
class LogWriter {
 public:
  // `on_written` runs on the raft loop with what is durable now.
  using OnWritten = base::Callback<void(std::vector<raft::Output>& outputs)>;
  LogWriter(const Options& options, const Environment& environment, DiskRoom* room,
            Failure* failure, std::unique_ptr<wal::Log> log, OnWritten on_written);

  // `commit_is_news`: whether nothing else says that entries of the log are committed, as it is
  // where others vote too. Then that is written after a pause without other writes, for a start
  // that has nobody to ask (--force-new-cluster).
  void Write(raft::Output output, bool commit_is_news);
  // Entries of one write, in bytes; more by its last output alone.
  static constexpr uint64_t kWriteBytes = 16 << 20;

  // The number of the write that is under way, each another's.
  std::optional<uint64_t> UnderWay() const {
    return writing_ ? std::optional(writes_) : std::nullopt;
  }

  // Saves a snapshot of an entry that the database has durably, marks it in the log and gives up
  // the log before it; unless a newer snapshot was received meanwhile and has replaced the log. Any
  // thread. `done` runs on the apply loop, and only then another one may be saved; it says whether
  // the log has a mark of this one, or of a newer one, now. Not if the workers are too busy, or the
  // disk has no room.
  void SaveSnapshot(snap::Snapshot snapshot, base::Callback<void(bool saved)> done);

  // Runs `work` on the WAL loop, between two writes, and `done` on the apply loop after it has
  // succeeded. Any thread.
  void RunOnLog(base::Callback<base::Status(wal::Log* log)> work, base::Callback<void()> done);

 private:
  struct Snapshotting {
    snap::Snapshot snapshot;
    base::Callback<void(bool saved)> done;
    base::Status file = {};  // whether its file was saved
  };
  // What goes to the WAL loop at one time. The mark comes last: it is believed only if the log
  // says before it that its entry is committed.
  struct Work {
    std::vector<raft::Output> outputs;
    uint64_t bytes = 0;  // of their entries
    std::shared_ptr<Snapshotting> mark;
    bool writes_state = false;  // a commit index that the log would keep, too
    bool are_appended = false;  // the outputs
  };

  // False, with the failure reported, if the disk failed.
  bool CheckDisk(const base::Status& status);
  void WriteStateLater(runtime::Duration pause);
  void OnIdleTimer();
  // The last of what waits, which takes more.
  Work& Newest();
  void Submit();
  // On the WAL loop, until it has succeeded.
  void Run(std::shared_ptr<Work> work);
  void RunLater(std::shared_ptr<Work> work, const base::Status& why);
  base::Status CarryOut(Work& work);
  void OnDone(Work& work);
  base::Status Append(const std::vector<raft::Output>& outputs);
  base::Status Mark(const snap::Snapshot& snapshot);
  // The same for the log alone, as the metrics have it.
  base::Status AppendTimed(const wal::Batch& batch);
  void PrepareSegment();
  void Save(Snapshotting& snapshotting);
  void LogPreallocation();

  const Options options_;
  const Environment environment_;
  DiskRoom& room_;
  Failure& failure_;
  OnWritten on_written_;

  // The raft loop's.
  std::deque<Work> waiting_;
  base::Index received_;  // of the newest snapshot that was received and has replaced the log
  bool writing_ = false;
  uint64_t writes_ = 0;        // begun
  bool keeps_commit_ = false;  // the newest commit index waits for a write
  runtime::TimePoint kept_since_;
  std::unique_ptr<runtime::Timer> idle_timer_;
  bool idle_timer_runs_ = false;

  // The WAL loop's.
  const std::unique_ptr<wal::Log> log_;
  LogMetrics metrics_;
  std::vector<raft::Entry> entries_;
  uint64_t written_bytes_ = 0;  // that room_ knows of
  bool was_preallocated_ = true;
  bool waits_for_room_ = false;
  std::unique_ptr<runtime::Timer> room_timer_;

  // The workers', one at a time.
  snap::SnapshotDirectory snapshots_;
  SnapshotFileMetrics snapshot_metrics_;
};

}  // namespace server
