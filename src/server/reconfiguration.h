#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/callback.h"
#include "base/ids.h"
#include "base/result.h"
#include "raft/types.h"
#include "runtime/loop.h"
#include "server/apply_loop.h"
#include "server/caller.h"
#include "server/environment.h"
#include "server/frontend.h"
#include "server/leader_transfer.h"
#include "server/metrics.h"
#include "server/options.h"
#include "server/progress.h"
#include "server/replica.h"
#include "state/members/member.h"

namespace server {

// Changes of who belongs to the cluster, as clients ask for them: first what etcd checks, in its
// order, by this member's own view; then the change goes into the log. Whether it may be done at
// all is decided there, by every member alike (members::Membership::Validate).
//
// With Options::strict_reconfig_check a change is refused that could leave the cluster without a
// quorum:
//
//   add a voter       started voters >= quorum(voters + 1), but for a second member
//   add anybody       voters connected for kHealthInterval >= quorum(voters + 1), but alone
//   remove a voter    the others that are started >= quorum(others); and if it is connected,
//                     voters connected for kHealthInterval - 1 >= quorum(others)
//   promote           started voters + 1 >= quorum(voters + 1)
//
// where this member counts as connected, and one is started that has told its name. Errors:
// kNotEnoughStartedMembers, kUnhealthy.
//
// A leader that is to be removed hands its part over first, if there is a voter that takes it: else
// nobody would lead from its removal on until the others have missed it.
//
// Any thread. Answers come on the apply loop, once, unless the member ends before. Each is awaited
// by a call, which bounds them.
class Reconfiguration {
 public:
  struct Parts {
    base::MemberId self;
    Replica* replica;
    ApplyLoop* apply_loop;
    Frontend* frontend;  // of the apply loop
    LeaderTransfer* leader_transfer;
    const Progress* progress;
  };
  Reconfiguration(const Options& options, const Environment& environment, const Parts& parts);

  // The members as the change has left them; or why there is none, or may be none.
  using OnChanged = base::Callback<void(base::Result<std::vector<members::Member>> members)>;

  // A member of an identifier of its own (members::AddedMemberId), which has not started.
  void Add(members::Member member, const Caller& caller, OnChanged on_changed);
  void Remove(base::MemberId id, const Caller& caller, OnChanged on_changed);
  // Removes a member that is not connected, and notes in the log that `successor` takes its place.
  void RemoveFor(base::MemberId successor, base::MemberId id, const Caller& caller,
                 OnChanged on_changed);
  // The others have removed this member, which may never hear so by its log: who waits for that is
  // told that it is done, and not that the member stops. Before Frontend::EndWaiting.
  void ReportRemoved();
  void UpdatePeerUrls(base::MemberId id, std::vector<std::string> peer_urls, const Caller& caller,
                      OnChanged on_changed);
  // Makes a learner a voter whose log reaches nine tenths of the leader's; one that is nearly there
  // is waited for a moment. Only the leader knows that: others wait for one and ask it.
  void Promote(base::MemberId id, const Caller& caller, OnChanged on_changed);

  // Whether the voters that are connected, for kHealthInterval with Options::strict_reconfig_check,
  // suffice without `id`, as the members are now. On the apply loop.
  bool IsHealthyWithout(base::MemberId id) const;

  // As long as this a peer must be connected to count.
  static constexpr runtime::Duration kHealthInterval = std::chrono::seconds(5);

 private:
  struct Promotion {
    base::MemberId id;
    Caller caller;
    runtime::TimePoint deadline;
    runtime::TimePoint sync_deadline;  // until then a learner that lacks little is waited for
    OnChanged on_changed;
  };

  runtime::TimePoint Now() const { return environment_.apply_loop->clock().Now(); }
  base::Status CheckAdd(const members::Member& member) const;
  base::Status CheckRemove(base::MemberId id) const;
  base::Status CheckPromote(base::MemberId id, const Replica::Replication& replication) const;
  std::vector<const members::Member*> Voters() const;
  std::vector<members::Member> MembersWithoutSelf() const;
  // Of those, for so long.
  size_t Connected(const std::vector<const members::Member*>& voters,
                   runtime::Duration for_at_least = kHealthInterval) const;

  void ProposeRemoval(base::MemberId id, const Caller& caller, OnChanged on_changed);
  // `next` runs when another voter leads and has committed what it found in its log; or when that
  // has not come to be within an election timeout. With an error if the member cannot tell.
  using OnHandedOver = base::Callback<void(const base::Status& status)>;
  void HandOver(base::MemberId leader, OnHandedOver next);

  void TryPromote(std::shared_ptr<Promotion> promotion);
  void PromoteAsLeader(Promotion& promotion, const Replica::Replication& replication);
  void AskLeaderToPromote(std::shared_ptr<Promotion> promotion);
  void RetryPromote(std::shared_ptr<Promotion> promotion);
  void OnRetry();

  // Refuses, with a line in the log, or proposes.
  void ProposeIf(const base::Status& allowed, raft::ConfChange change, const Caller& caller,
                 OnChanged on_changed);

  const Options options_;
  const Environment environment_;
  const Parts parts_;
  PromotionMetrics metrics_;
  bool is_removed_ = false;
  std::vector<std::shared_ptr<Promotion>> retrying_;
  const std::unique_ptr<runtime::Timer> retry_timer_;
};

}  // namespace server
