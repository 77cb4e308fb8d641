#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "runtime/random.h"
#include "runtime/simulated/scheduler.h"
#include "runtime/time.h"
#include "sim/checker.h"
#include "sim/client.h"
#include "sim/process.h"

namespace sim {

// What clients do with leases, and hold against the answers:
//
// - whoever is told that a lease has so many seconds has them, from when he asked, whoever leads
//   meanwhile, unless somebody asked to revoke it
// - once anybody was told that it is gone, or that its keys are, nobody who asks from then on is
//   told that it is there
// - a lease that nobody renews is gone some day
//
// All of it follows from what was told when, so it does not matter in which order the answers come.
// Each lease is granted once. How long it has left (LeaseTimeToLive) is not asked: a member that is
// deposed and does not know it may answer that, in etcd too. Outlives the clients.
class LeaseWorkload {
 public:
  // Has some client call some member.
  using Ask = std::function<void(const char* path, std::string request,
                                 std::function<void(const Client::Answer& answer)> done)>;
  // All outlive this.
  LeaseWorkload(runtime::simulated::Scheduler* scheduler, Checker* checker, Ask ask);

  // One request.
  void Act();
  // Requests to revoke leases that seem to be there; whoever is told so has others renew them.
  void RevokeSome();
  // The number of a lease that may be there, or 0.
  int64_t Draw();

  // A request of other kind was made at `asked`, and says now that the lease is there, or is not.
  void OnFound(int64_t id, runtime::TimePoint asked);
  void OnNotFound(int64_t id, runtime::TimePoint asked);
  // Somebody was told at that moment that the lease's keys are deleted with it, at that revision.
  void OnKeysGone(int64_t id, base::Revision at, runtime::TimePoint told);

  // Leases that must be there are at these members, which have all that is committed.
  void CheckHeld(const std::vector<Process*>& processes) const;
  // Whether these members have no leases any more.
  static bool AreGone(const std::vector<Process*>& processes);
  // Compares what members hold that have nothing more to apply.
  void CheckAll(const std::vector<Process*>& processes) const;

 private:
  static constexpr runtime::TimePoint kNever = runtime::TimePoint::max();
  // What clients know of a lease. As long as they know nothing of it, it is not there or it is.
  struct Lease {
    runtime::TimePoint granted = kNever;  // somebody was told
    runtime::TimePoint until;             // it lasts at least, if nobody revokes it
    runtime::TimePoint found;             // the latest request that has found it was made
    base::Revision renewed_behind;        // the latest header that came with a renewal
    runtime::TimePoint revoked = kNever;  // somebody asked for that first
    runtime::TimePoint gone = kNever;     // somebody was told so first
  };

  void Grant();
  void Revoke(int64_t id);
  void Renew(int64_t id);
  // Once its time is over, about when it is being revoked. Others may have renewed it by then.
  void RenewLate(int64_t id);
  // The last ones that may be there, with so much or less left.
  std::vector<int64_t> Held(runtime::Duration left_max) const;
  // Somebody is told now that it is gone; and others do not believe that, and renew it.
  void OnGone(int64_t id);
  void Check(int64_t id, const Lease& lease) const;
  void Fail(int64_t id, const std::string& what) const;

  runtime::simulated::Scheduler& scheduler_;
  const runtime::Clock& clock_;
  runtime::Random& random_;
  Checker& checker_;
  const Ask ask_;
  const std::unique_ptr<runtime::Loop> loop_;
  int64_t count_ = 0;  // that were asked for
  std::map<int64_t, Lease> leases_;
};

}  // namespace sim
