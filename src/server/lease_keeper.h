#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/callback.h"
#include "base/ids.h"
#include "observe/metrics.h"
#include "runtime/loop.h"
#include "server/environment.h"
#include "server/frontend.h"
#include "server/options.h"
#include "server/paced_times.h"
#include "server/progress.h"
#include "state/leases/observer.h"

namespace etcdserverpb {
class LeaseCheckpointRequest;
}
namespace leases {
class Leases;
}

namespace server {

// Counts the time of leases, while this member leads: that is no part of the state, and other
// members let no lease run out. Each has all of its time, or what its last checkpoint left, from
// the moment at which this member has applied the first entry of its term; one election timeout
// more, for what passed without a leader.
//
// A lease that has run out is revoked through the log, as a client would do it, by a proposal that
// counts in this member's term alone: who was deposed and does not know it yet revokes nothing. It
// cannot be renewed any more, whatever becomes of the proposal, as long as this member leads.
//
// Belongs to the apply loop, but for what any thread may call; the lock is held for as long as it
// takes to find a lease among the others.
class LeaseKeeper final : public leases::Observer {
 public:
  // All outlive this.
  LeaseKeeper(const Options& options, const Environment& environment, base::MemberId self,
              const Progress* progress);
  ~LeaseKeeper() override;

  // Revokes by way of `frontend`, that of the apply loop, from now on.
  void Start(Frontend* frontend);

  // The first entry of that term was applied, which leaves these leases, or one like it: a change
  // of members that was refused is an empty entry, too. If this member leads in it and has not
  // begun to, takes them over, of which there may be a million: in slices of the apply loop's time,
  // and until it has them all it answers as if another one led. `leases` stays where it is for as
  // long as this member leads in that term.
  void Promote(base::Term term, const leases::Leases& leases);
  // Another member may lead.
  void OnLeaderChanged();
  // How many entries of checkpoints this member has proposed.
  uint64_t checkpoints_proposed() const { return checkpoints_proposed_; }

  // leases::Observer
  void OnGranted(const leases::Lease& lease) override;
  void OnRevoking(base::LeaseId id) override;
  void OnCheckpointed(const leases::Lease& lease) override;

  // These from any thread.

  struct Renewal {
    enum class Outcome : uint8_t {
      kRenewed,
      kUnknown,
      kRunOut,        // and not revoked yet: see WhenSettled
      kCheckpointed,  // must be cleared first, since a new leader would go by the checkpoint
      kNotLeader,
    };
    Outcome outcome;
    int64_t ttl = 0;  // of kRenewed
  };
  // Gives the lease all of its time again. `cleared`: what checkpoints_proposed() was when its
  // checkpoint was asked to be cleared, which has been applied since. One that is not applied yet
  // is in the way, too, and whatever has become of it is cleared by what is asked for later.
  Renewal Renew(base::LeaseId id, uint64_t cleared = 0);
  // Somebody was told of a renewal.
  void CountRenewal();

  // Runs `settled` on the apply loop once the lease is revoked and its keys are gone, or this
  // member leads no more; soon, if that is so already. False if too many wait.
  [[nodiscard]] bool WhenSettled(base::LeaseId id, base::Callback<void()> settled);

  // When leases run out, in the order of `all`; the end of time for one that is not known. Nothing
  // if this member does not lead.
  std::optional<std::vector<runtime::TimePoint>> EndsOf(
      const std::vector<base::LeaseId>& ids) const;

  // Between two looks at which leases have run out.
  static constexpr runtime::Duration kCheckInterval = std::chrono::milliseconds(500);
  // While there are such: so many are revoked at a time, and are under way at once. What others ask
  // for waits behind each group, so it is small.
  static constexpr runtime::Duration kRevokeInterval = std::chrono::milliseconds(2);
  static constexpr size_t kRevokesOfInterval = 25;
  static constexpr size_t kRevokesUnderWayMax = 256;
  // With as many leases or more a new leader has them run out at this rate at most. Why lower than
  // what can be revoked: others run out at the same time.
  static constexpr int64_t kEndsOfSecond = 10'000;
  static constexpr size_t kTakenOfTurn = 1'000;
  static constexpr size_t kWaitersMax = 100'000;
  static constexpr size_t kCheckpointsOfEntry = 1'000;

 private:
  struct Kept {
    int64_t ttl;
    int64_t remaining_ttl;
    uint64_t proposed;  // its last checkpoint, as counted; 0: none since a renewal
    runtime::TimePoint end;
    runtime::TimePoint due;         // in by_due_; end of time: a revoke is under way
    runtime::TimePoint checkpoint;  // in by_checkpoint_; end of time: none
  };
  // No hash table: with a million it would stand still for a tenth of a second to grow.
  using Table = std::map<base::LeaseId, Kept>;
  using Order = std::set<std::pair<runtime::TimePoint, base::LeaseId>>;
  using Waiters = std::unordered_multimap<base::LeaseId, base::Callback<void()>>;
  struct Takeover {
    base::Term term;
    const leases::Leases& leases;
    runtime::TimePoint began;
    std::optional<base::LeaseId> last;  // that was taken
    std::optional<PacedTimes> ends;     // of so many that these are paced
  };

  bool LeadsIn(base::Term term) const;
  bool Leads() const { return LeadsIn(term_); }
  void TakeMore();
  runtime::TimePoint FirstEndOf(const leases::Lease& lease) const;
  void Demote();
  // These with the lock held.
  void SetEnd(Table::iterator at, runtime::TimePoint end);
  void SetDue(Table::iterator at, runtime::TimePoint due);
  void SetCheckpoint(Table::iterator at, runtime::TimePoint checkpoint);
  // One is due in an interval, if what is left is worth one.
  void ScheduleCheckpoint(Table::iterator at, runtime::TimePoint now);

  void OnTimer();
  std::vector<base::LeaseId> TakeDue(size_t count);
  void Revoke(base::LeaseId id);
  void OnRevoked(base::LeaseId id, base::Term term, const base::Status& status);
  void ProposeCheckpoints();
  void Reschedule(const etcdserverpb::LeaseCheckpointRequest& request);
  void RunSoon(std::vector<base::Callback<void()>> tasks);

  const Options options_;
  const Environment environment_;
  const base::MemberId self_;
  const Progress& progress_;
  Frontend* frontend_ = nullptr;
  const std::unique_ptr<runtime::Timer> timer_;
  std::optional<Takeover> takeover_;  // that is under way
  size_t revokes_under_way_ = 0;
  bool checkpoints_under_way_ = false;
  uint64_t checkpoints_proposed_ = 0;
  observe::Counter granted_;
  observe::Counter revoked_;
  observe::Histogram ttls_;
  observe::Counter expired_;

  mutable std::mutex mutex_;  // guards what follows
  base::Term term_;           // in which this member leads; 0: it does not
  Table table_;
  Order by_due_;
  Order by_checkpoint_;
  Waiters waiters_;
  observe::Counter renewed_;
};

// How long from now on a lease lasts that has so many seconds left.
runtime::Duration LeaseTime(int64_t seconds);

}  // namespace server
