#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "base/callback.h"
#include "base/ids.h"
#include "base/result.h"
#include "raft/types.h"
#include "server/apply_loop.h"
#include "server/auto_compactor.h"
#include "server/corruption_checker.h"
#include "server/data_directory.h"
#include "server/defragmenter.h"
#include "server/disk_room.h"
#include "server/downgrading.h"
#include "server/environment.h"
#include "server/extensions.h"
#include "server/failure.h"
#include "server/free_pages.h"
#include "server/frontend.h"
#include "server/leader_transfer.h"
#include "server/options.h"
#include "server/progress.h"
#include "server/reconfiguration.h"
#include "server/replacing.h"
#include "server/replica.h"
#include "server/request_ids.h"
#include "server/scrubber.h"
#include "server/self_promotion.h"
#include "server/space_keeper.h"
#include "server/tree_keeper.h"
#include "server/version_monitor.h"

namespace server {

class LeaseKeeper;
class LeaseRequests;
class LeaseRights;

// One member: the log, the state, and the ways in. Knows nothing of how it is called. Several may
// live in one process.
class Server {
 public:
  // Opens the member's files and reads its state. Requests come from `loops`, one Frontend each.
  // Before the loops run, or on none of them.
  static base::Result<std::unique_ptr<Server>> Open(const Options& options,
                                                    const Environment& environment,
                                                    std::vector<runtime::Loop*> loops);
  // The loops have stopped before.
  ~Server();

  // Takes part from now on. `on_ready` runs on the apply loop once the member is known to its
  // cluster and may be told to clients.
  void Start(base::Callback<void()> on_ready);
  // Hands leadership over if this member has it and another voter is connected, which takes at most
  // an election timeout; brings what is applied into the database, then runs `done` on the apply
  // loop, not if the member fails before. Requests that come after this may be lost. Any thread.
  void Stop(base::Callback<void()> done);

  // Whether the member was imported from files of etcd, which are still where etcd looks for them.
  // Then nobody is answered before TakeOver. Before Start, or once the member is ready.
  bool holds_etcd_files() const { return recovered_.etcd_database != nullptr; }
  // Moves them out of the way, and then runs `done` on the apply loop. Once the member is ready.
  void TakeOver(base::Callback<void()> done);

  // Whether it has lost its state and got no other one yet. Before Start.
  bool is_empty() const { return recovered_.awaits_snapshot; }

  base::MemberId id() const { return recovered_.id; }
  base::ClusterId cluster() const { return recovered_.cluster; }
  const Options& options() const { return options_; }
  const Environment& environment() const { return environment_; }

  // Returns the frontend of loops[i].
  Frontend& frontend(size_t i) { return *frontends_[i]; }

  // These from any thread.

  const Progress& progress() const { return progress_; }
  // For what happens rarely; a loop's requests go through its frontend.
  std::shared_ptr<apply::State> state() const { return apply_loop_->state().Get(); }
  // A file that nobody else uses, for what waits for a slow receiver.
  std::string NewSpoolPath();

  // Runs `done` on the apply loop once everything that was applied before this is in the database.
  void WhenDurable(base::Callback<void()> done) { apply_loop_->WhenDurable(std::move(done)); }
  // Likewise once the records that a compaction to `revision` removes are gone from the database.
  void WhenCompacted(base::Revision revision, base::Callback<void()> done) {
    apply_loop_->WhenCompacted(revision, std::move(done));
  }

  // Likewise once the log has the newest commit index, and what was being written to it before.
  void WhenLogged(base::Callback<void()> done);

  // Changes of who belongs to the cluster.
  Reconfiguration& reconfiguration() { return *reconfiguration_; }
  // Of members that may have lost what they have promised.
  Replacing& replacing() { return *replacing_; }
  Defragmenter& defragmenter() { return *defragmenter_; }
  // Its downgrade to the version before.
  Downgrading& downgrading() { return *downgrading_; }
  // What is in its log beyond etcd.
  Extensions& extensions() { return *extensions_; }
  // As ApplyLoop's.
  void ListenToTree(ApplyLoop::OnHappenings on_happenings) {
    apply_loop_->ListenToTree(std::move(on_happenings));
  }
  // Its leases, beside what becomes of them in the log.
  LeaseRequests& leases() { return *lease_requests_; }
  LeaseRights& lease_rights() { return *lease_rights_; }
  // As LeaderTransfer's Move; `on_moved` runs on the apply loop, at the latest after
  // Options::request_timeout.
  void MoveLeader(base::MemberId target, const Caller& caller, LeaderTransfer::OnMoved on_moved);

  // As Replica's.
  void TransferLeadership(base::MemberId target) { replica_->TransferLeadership(target); }
  void ProposeJointChange(raft::ConfChangeV2 change) {
    replica_->ProposeJointChange(std::move(change));
  }

  // What the transport brings: see Replica. The database of a snapshot lies at
  // ReceivedDatabasePath, put there whole and durable, before its message comes.
  [[nodiscard]] bool Step(raft::Message message) { return replica_->Step(std::move(message)); }
  // The other members say that this one was removed, if its log does not say so itself. What waits,
  // and what comes, ends with kStopped: nobody will answer it any more.
  void ReportRemoved();
  void ReportUnreachable(base::MemberId peer) { replica_->ReportUnreachable(peer); }
  void ReportSnapshot(base::MemberId peer, bool delivered) {
    replica_->ReportSnapshot(peer, delivered);
  }
  // Any thread: a read of the database has met damage. It is told to operators. If other members
  // can refill the database they are asked for it, and the answer is true; otherwise the cluster is
  // told, once: the alarm CORRUPT then stops what would touch keys.
  bool ReportDamage(const base::Status& damage);

 private:
  Server(const Options& options, const Environment& environment, Recovered recovered,
         std::vector<runtime::Loop*> loops);

  base::Status OpenState();
  // What changes who belongs to the cluster.
  void OpenReconfiguration();
  ApplyLoop::Hooks ApplyHooks();
  Replica::Hooks ReplicaHooks();

  // The apply loop: who belongs to the cluster, from now on.
  void OnMembers(ClusterMembers members);
  // The raft loop.
  void OnLeader(base::MemberId leader);
  void StopForGood();

  // Any thread.
  bool HasOtherVoter() const;
  // On the apply loop.
  void RaiseCorrupt();

  void Publish();
  void RetryPublish(const base::Status& status);
  void LogPublished() const;
  // Tells the owner, once, if the member is known to its cluster and the cluster has a version.
  void CheckReady();
  // Runs `retry` on the apply loop after a pause, longer each time.
  void RetryLater(base::Callback<void()> retry);

  const Options options_;
  const Environment environment_;
  Failure failure_;
  Recovered recovered_;
  Progress progress_;
  const std::vector<runtime::Loop*> loops_;  // of the frontends
  const RequestIds ids_;
  DiskRoom room_;
  std::unique_ptr<LeaseKeeper> lease_keeper_;  // outlives the apply loop, which tells it
  std::unique_ptr<ApplyLoop> apply_loop_;
  std::unique_ptr<Replica> replica_;
  std::unique_ptr<LeaderTransfer> leader_transfer_;
  std::unique_ptr<Defragmenter> defragmenter_;
  std::unique_ptr<Reconfiguration> reconfiguration_;
  std::unique_ptr<Replacing> replacing_;
  std::unique_ptr<SelfPromotion> self_promotion_;
  std::unique_ptr<Downgrading> downgrading_;
  std::unique_ptr<LeaseRequests> lease_requests_;
  std::unique_ptr<LeaseRights> lease_rights_;
  std::unique_ptr<Extensions> extensions_;
  std::unique_ptr<VersionMonitor> version_monitor_;
  std::unique_ptr<CorruptionChecker> corruption_checker_;
  std::unique_ptr<SpaceKeeper> space_keeper_;
  std::unique_ptr<TreeKeeper> tree_keeper_;
  std::unique_ptr<FreePages> free_pages_;
  std::unique_ptr<Scrubber> scrubber_;
  std::unique_ptr<AutoCompactor> auto_compactor_;  // null: all revisions are kept
  // One for each loop of the requests, and the last for the member's own, on the apply loop. They
  // go first: whoever waits for them, of those above, is told that the member stops.
  std::vector<std::unique_ptr<Frontend>> frontends_;
  base::Callback<void()> on_ready_;
  bool published_ = false;
  bool ready_ = false;
  std::unique_ptr<runtime::Timer> retry_timer_;
  runtime::Duration retry_pause_;
  std::unique_ptr<runtime::Timer> corrupt_timer_;
  std::unique_ptr<runtime::Timer> removed_timer_;  // null as long as the member was not removed
  std::atomic<bool> damaged_ = false;  // what is read now, and somebody does something about it
  std::atomic<uint64_t> spools_ = 0;   // so far
};

}  // namespace server
