#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <vector>

#include "base/callback.h"
#include "raft/types.h"
#include "runtime/loop.h"
#include "runtime/mailbox.h"
#include "server/apply_report.h"
#include "server/committer.h"
#include "server/compactor.h"
#include "server/completion.h"
#include "server/environment.h"
#include "server/failure.h"
#include "server/leftover_eraser.h"
#include "server/metrics.h"
#include "server/options.h"
#include "server/progress.h"
#include "server/request_ids.h"
#include "state/apply/applier.h"
#include "state/v2/event.h"

namespace server {

// Takes what is committed through the applier, a slice at a time, and tells those who wait. It
// never waits for the disk; while too much is not in the database it pauses, and its queue is
// bounded by what raft hands out before it hears that it was applied
// (raft::Config::applying_bytes_max).
class ApplyLoop {
 public:
  struct Hooks {
    // A slice of entries is applied, up to `index`: raft must hear of the changes of the
    // configuration in it, in order.
    base::Callback<void(base::Index index, std::vector<raft::ConfChangeV2> changes)> on_applied;
    // What became of the requests of that origin in the slice; and, if it listens and keys were
    // changed or compacted, or somebody's rights, up to which revision.
    base::Callback<void(size_t origin, std::vector<Completion> completions,
                        std::optional<base::Revision> changed)>
        on_completed;
    // A snapshot that MakeSnapshot was asked for.
    base::Callback<void(raft::Message message, std::unique_ptr<backend::Reader> database)>
        send_snapshot;
    // As Committer::Hooks.
    base::Callback<void(snap::Snapshot snapshot, base::Callback<void(bool saved)> done)>
        save_snapshot;
    // Who belongs to the cluster: once before the first entry, and whenever that may have changed;
    // of an entry's change before on_applied.
    base::Callback<void(ClusterMembers members)> on_members;
    // The first entry of a term is applied, and with it all of the terms before; or a later empty
    // one of it.
    base::Callback<void(base::Term term)> on_term = [](base::Term) {};
    // A snapshot's database has taken the place of the one before.
    base::Callback<void()> on_installed = [] {};
    leases::Observer* lease_observer = nullptr;  // or null; outlives this
  };
  // `state` is as entry `applied` left it, `snapshot` the newest snapshot's entry. All outlive
  // this.
  ApplyLoop(const Options& options, const Environment& environment, const RequestIds* ids,
            Progress* progress, Failure* failure, Hooks hooks, std::shared_ptr<apply::State> state,
            raft::EntryId applied, base::Index snapshot);

  // Before the first entry, on the apply loop.
  void Start();

  // These from any thread; `done` runs on the apply loop, unless the member fails before.

  // Entries that follow those before.
  void Apply(std::vector<raft::Entry> entries);
  // Goes on from the database that was received with the snapshot of entry `at`, which takes the
  // place of the state. Whoever reads the old state goes on doing so. The snapshot covers the
  // entries that were given to Apply before: those that are not applied yet are left out.
  void Install(raft::EntryId at);
  // The database is damaged: the next snapshot puts it aside, at BrokenDatabasePath, to take its
  // place. On the apply loop.
  void KeepDamagedDatabase() { keeps_damaged_ = true; }
  // The loop of that origin hears of changes from now on, at first of the present revision; or no
  // longer.
  void Listen(size_t origin, bool listens);
  // Fills in the snapshot that `message` is to carry: everything that is applied now.
  void MakeSnapshot(raft::Message message);
  // Once entry `index` is applied.
  void WhenApplied(base::Index index, base::Callback<void()> done);
  // Once everything that was applied before this is in the database.
  void WhenDurable(base::Callback<void()> done);
  // Likewise once the log has a mark at what was applied before this, or at a later entry.
  void SaveSnapshot(base::Callback<void()> done);
  // Likewise once the records that a compaction to `revision` removes are gone from the database.
  void WhenCompacted(base::Revision revision, base::Callback<void()> done);
  // Who belongs to the cluster now. On the apply loop.
  const members::Membership& members() { return applier_.state().members(); }
  // The leases that are granted now. On the apply loop.
  const leases::Leases& leases() { return applier_.state().leases(); }
  // The tree of the v2 API. On the apply loop.
  const v2::Store& tree() { return applier_.state().v2(); }
  // Tells what happens in it from now on, after each slice in which something did: at first, and
  // when a snapshot takes its place, how far it is alone. On the apply loop; any thread may ask.
  using OnHappenings = std::function<void(const std::shared_ptr<const v2::Happenings>& happenings)>;
  void ListenToTree(OnHappenings on_happenings);
  // The state, of which a snapshot may make another one.
  const runtime::Published<apply::State>& state() const { return applier_.published_state(); }

 private:
  // What comes from the log: entries, or a snapshot in their place.
  struct Committed {
    std::vector<raft::Entry> entries = {};
    std::optional<raft::EntryId> snapshot = {};
  };
  using Installed = base::Result<std::shared_ptr<apply::State>>;

  void OnCommitted(std::vector<Committed>& batches);
  void StartInstall();
  void OnInstalled(Installed installed, raft::EntryId at);
  base::Status SendSnapshot(raft::Message message);
  void TellMembers();
  // Ends states that were replaced once nobody reads them any more.
  void EndReplaced();
  void Run();
  bool MayApply() { return !queue_.empty() && !installing_ && !applier_.state().buffer().full(); }
  bool ApplySlice();
  bool ApplyEntry(const raft::Entry& entry);
  void EndSlice();
  // Hands each loop what it is owed.
  void HandOver();
  void TellOfTree();
  void RunApplied();

  const Options options_;
  const Environment environment_;
  const RequestIds* const ids_;
  Progress* const progress_;
  Failure& failure_;
  Hooks hooks_;
  apply::Applier applier_;
  Committer committer_;
  Compactor compactor_;
  LeftoverEraser leftover_eraser_;
  OperationMetrics operations_;
  ApplyReport report_;

  runtime::Mailbox<Committed> mailbox_;
  std::deque<raft::Entry> queue_;
  bool continuing_ = false;  // Run is posted
  std::optional<raft::EntryId> to_install_;
  bool installing_ = false;  // nothing is applied meanwhile
  bool keeps_damaged_ = false;
  std::vector<std::shared_ptr<apply::State>> replaced_;
  const std::unique_ptr<runtime::Timer> end_replaced_timer_;
  std::vector<OnHappenings> tree_listeners_;
  uint64_t tree_told_ = 0;       // the index of the tree that they know of
  std::vector<bool> listening_;  // by origin: whether that loop hears of changes

  // Of the slice.
  runtime::TimePoint now_;  // when the entry before was applied
  std::vector<raft::ConfChangeV2> changes_;
  std::vector<std::vector<Completion>> completions_;  // by origin
  base::Revision revision_;                           // at its beginning
  uint64_t rights_;                                   // likewise: auth::View::stamp
  bool compacted_ = false;
  bool members_changed_ = false;

  std::multimap<base::Index, base::Callback<void()>> waiters_;
};

}  // namespace server
