#pragma once

#include <google/protobuf/arena.h>

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "base/callback.h"
#include "raft/membership.h"
#include "raft/types.h"
#include "runtime/loop.h"
#include "runtime/mailbox.h"
#include "runtime/published.h"
#include "server/apply_report.h"
#include "server/cluster_view.h"
#include "server/compaction_report.h"
#include "server/data_directory.h"
#include "server/frontend.h"
#include "server/metrics.h"
#include "server/progress.h"
#include "server/replica.h"
#include "server/request_ids.h"
#include "state/alarms/alarms.h"
#include "state/apply/applier.h"
#include "state/members/membership.h"
#include "storage/backend/write_buffer.h"
#include "storage/mvcc/store.h"
#include "storage/snap/snapshot_file.h"

namespace server {

// Owns the state: applies what is committed, answers those who wait, and sees that the database
// follows. It never waits for the disk; when too much is not in the database it stops applying.
// A record that cannot be read while applying ends the process.
class ApplyLoop {
 public:
  // Reads the state; `recovered` keeps the database, and all of them outlive this. The loop's work
  // begins with Start.
  static base::Result<std::unique_ptr<ApplyLoop>> Open(const Options& options,
                                                       const Environment& environment,
                                                       const Recovered& recovered,
                                                       const RequestIds* ids, Progress* progress);

  // Before the first entry. `frontends` by their origins.
  void Start(Replica* replica, std::vector<Frontend*> frontends);

  // These from any thread.

  // Entries that follow those before.
  void Apply(std::vector<raft::Entry> entries);
  // Runs `done` on the apply loop once entry `index` is applied.
  void WhenApplied(base::Index index, base::Callback<void()> done);
  // Runs `done` on the apply loop once everything that was applied before this is in the database.
  void WhenDurable(base::Callback<void()> done);
  // Likewise once the records that a compaction to `revision` removes are gone from the database.
  void WhenCompacted(base::Revision revision, base::Callback<void()> done);

  mvcc::Store& store() { return *store_; }
  const runtime::Published<ClusterView>& view() const { return view_; }

 private:
  // What a snapshot at an entry says.
  struct SnapshotPoint {
    base::Index index;
    base::Term term;
    raft::ConfState conf_state;
    std::string membership;
  };
  using Waiting = std::multimap<uint64_t, base::Callback<void()>>;

  ApplyLoop(const Options& options, const Environment& environment, const Recovered& recovered,
            const RequestIds* ids, Progress* progress);

  void Run();
  void ApplySlice();
  void ApplyEntry(const raft::Entry& entry);
  void ApplyRequest(const raft::Entry& entry);
  void ApplyConfChange(const raft::Entry& entry);
  void ChangeMembership(const raft::ConfChangeSingle& change,
                        const members::ChangeContext& context);
  void PublishView();
  // Runs what waits for `reached` or less.
  static void RunReached(Waiting* waiting, uint64_t reached);

  void CommitIfDue(bool force);
  void OnCommitted(mvcc::Store::Commit commit);
  bool SnapshotIsNear() const;
  void SaveSnapshotIfDue();
  void CompactionTick();

  const Options options_;
  const Environment environment_;
  const RequestIds* const ids_;
  Progress* const progress_;
  backend::Backend* const database_;
  backend::WriteBuffer buffer_;
  std::unique_ptr<mvcc::Store> store_;
  std::optional<members::Membership> membership_;
  std::optional<alarms::Alarms> alarms_;
  std::optional<apply::Applier> applier_;
  ApplyMetrics metrics_;
  OperationMetrics operations_;
  ApplyReport report_;
  CompactionReport compaction_report_;
  runtime::Published<ClusterView> view_;

  Replica* replica_ = nullptr;
  std::vector<Frontend*> frontends_;
  runtime::Mailbox<std::vector<raft::Entry>> committed_;
  std::deque<raft::Entry> queue_;

  // Of the request that is applied; a usual one fits into the block.
  alignas(8) std::array<char, 4096> request_block_;
  google::protobuf::Arena request_memory_{request_block_.data(), request_block_.size()};

  runtime::TimePoint now_;  // when the entry before was applied, within a slice
  base::Index applied_;
  base::Term applied_term_;
  raft::Membership configuration_;
  std::vector<raft::ConfChangeV2> changes_;  // of the slice
  std::vector<std::vector<Frontend::Completion>> completions_;
  Waiting applied_waiters_;  // by index
  Waiting durable_waiters_;  // by number of the request
  uint64_t durable_asked_ = 0;
  Waiting compacted_waiters_;  // by revision

  std::unique_ptr<runtime::Timer> commit_timer_;
  std::unique_ptr<runtime::Timer> compaction_timer_;
  bool compaction_armed_ = false;
  std::optional<SnapshotPoint> committing_;  // covered by the batch that is out
  std::optional<SnapshotPoint> durable_;
  uint64_t durable_asked_out_ = 0;  // of durable_asked_, answered by the batch that is out
  base::Index snapshot_index_;      // of the newest snapshot
  uint64_t snapshot_bytes_ = 0;     // of the entries applied since it was asked for
  bool saving_snapshot_ = false;
};

}  // namespace server
