#pragma once

#include <atomic>
#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "base/callback.h"
#include "base/errors.h"
#include "base/ids.h"
#include "base/result.h"
#include "runtime/loop.h"
#include "server/apply_loop.h"
#include "server/environment.h"
#include "server/frontend.h"
#include "server/lease_listing.h"
#include "server/options.h"
#include "server/progress.h"
#include "server/transport.h"

namespace server {

class LeaseKeeper;
class Replica;

// Compat: what a member answers that is asked for a leader's answer and does not lead.
inline constexpr base::errors::Error kNotPrimary{base::Code::kUnknown, "not a primary lessor"};

// What is asked of leases beside the log: to renew them, and how long they have left. Only a leader
// knows; another member asks it, again every kRetryPause, until its caller waits no longer, at most
// Options::request_timeout.
//
// A leader may have been deposed and not know it. It renews until
//
//   start of the last read-index round that was confirmed in its term
//       + what all who answer its heartbeats have promised (raft::Node::vote_lease_ms)
//
// until then nobody else can have been elected, and the leases of whoever comes after it last an
// election timeout longer than that. Renewals have the rounds made ahead of time; where one is
// late, or a member is an etcd's, which promises nothing, they wait for it. Once it has told
// another member to campaign, each waits for one of its own.
//
// Any thread; the work is on the apply loop, where callbacks run too, each once, and never before
// the method has returned. Beyond kPendingMax questions at a time all are refused with
// kTooManyRequests.
class LeaseRequests {
 public:
  struct Parts {
    base::MemberId self;
    ApplyLoop* apply_loop;
    LeaseKeeper* keeper;
    Frontend* frontend;  // of the apply loop
    Replica* replica;
    const Progress* progress;
  };
  LeaseRequests(const Options& options, const Environment& environment, const Parts& parts);
  ~LeaseRequests();

  // Renews the lease if that can be done at once: this member leads and knows it, has applied all
  // that is committed, and the lease has not run out. Returns the seconds for which it was granted.
  // Where nothing is returned it may have been renewed nevertheless.
  std::optional<int64_t> TryRenew(base::LeaseId id);
  // Renews it, wherever the leader is. kLeaseNotFound if it is revoked, which is waited for if it
  // has run out; kNoLeader or kTimeout.
  using OnRenewed = base::Callback<void(base::Result<int64_t> ttl)>;
  void Renew(base::LeaseId id, const Caller& caller, OnRenewed on_renewed);
  // The same for another member, which has found out that this one leads: kNotPrimary if it is
  // wrong, kTimeoutWaitAppliedIndex if this one is too far behind.
  void RenewHere(base::LeaseId id, OnRenewed on_renewed);

  // How long the lease has left, and with `keys` which keys are with it. kLeaseNotFound; kNoLeader,
  // kTimeout or kTimeoutWaitAppliedIndex.
  using OnTimes = base::Callback<void(base::Result<LeaseTimes> times)>;
  void TimeToLive(base::LeaseId id, bool keys, const Caller& caller, OnTimes on_times);
  // The same for another member: kLeaderChanged if this one does not lead.
  void TimeToLiveHere(base::LeaseId id, bool keys, OnTimes on_times);

  // All leases of this member, once what it knows to be committed is applied, or has not been for
  // kApplyTimeout; see LeaseListing::Ask.
  void List(LeaseListing::OnList on_list);

  static constexpr size_t kPendingMax = 100'000;
  static constexpr runtime::Duration kRetryPause = std::chrono::milliseconds(50);
  // What was committed when a question came is applied by then, or it ends.
  static constexpr runtime::Duration kApplyTimeout = std::chrono::seconds(1);

 private:
  struct Renewal;
  struct Question;

  bool leads() const { return parts_.progress->leader == parts_.self.value(); }
  // Whether this member leads, if it thinks so. Any thread.
  bool IsConfirmed() const;
  // Has a round made, if the last one is so old that the next is due.
  void ConfirmAhead();
  // A round that began then, in that term, has said so.
  void OnConfirmed(runtime::TimePoint asked, uint64_t term);

  void Step(const std::shared_ptr<Renewal>& renewal);
  void StepHere(const std::shared_ptr<Renewal>& renewal);
  void Confirm(const std::shared_ptr<Renewal>& renewal, int64_t ttl);
  // Goes on once all that was answered before is applied, here or at another leader.
  void FindOut(const std::shared_ptr<Renewal>& renewal);
  void GoOnElsewhere(const std::shared_ptr<Renewal>& renewal);
  void ClearCheckpoint(const std::shared_ptr<Renewal>& renewal);
  void AskLeader(const std::shared_ptr<Renewal>& renewal);
  void Step(const std::shared_ptr<Question>& question);
  void AnswerHere(const std::shared_ptr<Question>& question);
  void AskLeader(const std::shared_ptr<Question>& question);
  // The leader to ask; nothing, and the request ends or tries again later, if there is none.
  template <typename Request>
  std::optional<base::MemberId> LeaderFor(const std::shared_ptr<Request>& request);
  template <typename Request>
  void TryLater(const std::shared_ptr<Request>& request);
  // Takes a new request, on the apply loop; false, with it refused, if there are too many.
  template <typename Request, typename Begin>
  void Add(std::shared_ptr<Request> request, Begin begin);
  template <typename Request, typename Answer>
  void End(const std::shared_ptr<Request>& request, Answer answer);

  // Runs `done` with OK once what is committed now is applied, or with kTimeoutWaitAppliedIndex.
  void WhenApplied(base::Callback<void(const base::Status& status)> done);
  void After(runtime::Duration delay, base::Callback<void()> task);
  void RunDelayed();
  runtime::TimePoint Now() const { return environment_.apply_loop->clock().Now(); }

  const Options options_;
  const Environment environment_;
  const Parts parts_;
  // When the last round began that has said that this member leads, and in which term; and when the
  // last one began that was made ahead. Times are runtime::TimePoints, in their count.
  std::atomic<int64_t> confirmed_ = std::numeric_limits<int64_t>::min() / 2;
  std::atomic<uint64_t> confirmed_term_ = 0;
  std::atomic<int64_t> asked_ahead_ = std::numeric_limits<int64_t>::min() / 2;
  LeaseListing listing_;
  size_t pending_ = 0;
  std::multimap<runtime::TimePoint, base::Callback<void()>> delayed_;
  const std::unique_ptr<runtime::Timer> timer_;
};

}  // namespace server
