#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/callback.h"
#include "raft/types.h"
#include "runtime/loop.h"
#include "server/environment.h"
#include "server/failure.h"
#include "server/metrics.h"
#include "server/options.h"
#include "server/progress.h"
#include "state/apply/applier.h"
#include "storage/mvcc/store.h"
#include "storage/snap/snapshot_file.h"

namespace server {

// Sees that the database follows what is applied, in batches that the backend loop commits, one at
// a time; knows who waits for that; and has a snapshot of the log made when enough of it is in the
// database. It bounds nothing: the write buffer says when apply must pause. Belongs to the
// apply loop. A commit that fails is the member's failure, but for one for which the disk has no
// room: that waits until there is some.
class Committer {
 public:
  struct Hooks {
    // A batch is in the database.
    base::Callback<void()> on_committed;
    // Saves a snapshot of an entry that the database has, and gives up the log before it; `done`
    // runs on the apply loop. One at a time. One that could not be saved now is tried again after
    // the next commit.
    base::Callback<void(snap::Snapshot snapshot, base::Callback<void(bool saved)> done)>
        save_snapshot;
  };
  // All outlive this. `snapshot` is the newest snapshot's entry.
  Committer(const Options& options, const Environment& environment, apply::Applier* applier,
            Progress* progress, Failure* failure, base::Index snapshot, Hooks hooks);

  // Sends the open batch off if it is due; otherwise sets a timer for it. Between entries.
  void CommitIfDue() { Commit(!waiters_.empty()); }
  // Runs `done` once everything that was applied before this is in the database. Not at all if the
  // member fails.
  void WhenDurable(base::Callback<void()> done);
  // Has a snapshot saved of what is in the database by then, whether or not one is due; `done` runs
  // once the log has a mark at least as new as what is in the database now. Not at all if the
  // member fails.
  void SaveSnapshot(base::Callback<void()> done);
  // The applier goes on from another state, that of a received snapshot.
  void Replaced();
  // An entry of this size was applied: the log that a restart reads has grown by it.
  void Applied(size_t bytes);

 private:
  // What a snapshot at an entry says.
  struct SnapshotPoint {
    raft::EntryId at;
    raft::ConfState conf_state;
    std::string membership;  // empty if no `.snap` file is due soon
  };
  struct Waiter {
    uint64_t batch;  // it waits for batches up to this one
    base::Callback<void()> done;
  };

  void Commit(bool force);
  void Send(mvcc::Store::Commit commit);
  // On the backend loop, until it has succeeded.
  struct Sent {
    std::shared_ptr<apply::State> state;
    mvcc::Store::Commit commit;
  };
  void Write(std::shared_ptr<Sent> sent);
  void WriteLater(std::shared_ptr<Sent> sent, const base::Status& why);
  void OnCommitted(const std::shared_ptr<apply::State>& state, mvcc::Store::Commit commit);
  void RunWaiters();
  bool SnapshotIsNear() const;
  SnapshotPoint PointAtApplied();
  void SaveSnapshotIfDue(SnapshotPoint point);
  void ServeSnapshotWaiters();
  void RunSnapshotWaiters();

  const Options options_;
  const Environment environment_;
  apply::Applier& applier_;
  Progress& progress_;
  Failure& failure_;
  Hooks hooks_;
  CommitMetrics metrics_;
  const std::unique_ptr<runtime::Timer> timer_;

  // The backend loop's.
  bool waits_for_room_ = false;
  std::unique_ptr<runtime::Timer> room_timer_;

  uint64_t unsaved_bytes_ = 0;        // of entries that are in no batch yet
  uint64_t out_bytes_ = 0;            // of those in the batch that is out
  std::optional<SnapshotPoint> out_;  // what the batch that is out covers; nothing if none is
  uint64_t sent_ = 0;                 // batches
  uint64_t committed_ = 0;
  std::vector<Waiter> waiters_;  // ascending by batch

  base::Index snapshot_;         // of the newest snapshot
  uint64_t snapshot_bytes_ = 0;  // of the entries applied since it was asked for
  bool saving_snapshot_ = false;
  // Who wants a snapshot of an entry, or of a later one.
  struct SnapshotWaiter {
    base::Index index;
    base::Callback<void()> done;
  };
  std::vector<SnapshotWaiter> snapshot_waiters_;
};

}  // namespace server
