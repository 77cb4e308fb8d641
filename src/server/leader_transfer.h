#pragma once

#include <memory>
#include <vector>

#include "base/callback.h"
#include "base/ids.h"
#include "base/status.h"
#include "runtime/loop.h"
#include "server/apply_loop.h"
#include "server/environment.h"
#include "server/progress.h"
#include "server/replica.h"

namespace server {

// Has leadership handed over: by this member to another voter, or to this one. Belongs to the apply
// loop.
// Who waits is bounded by the calls that a member takes: each waits in one.
class LeaderTransfer {
 public:
  struct Parts {
    base::MemberId self;
    Replica* replica;
    ApplyLoop* apply_loop;
    const Progress* progress;
  };
  LeaderTransfer(const Environment& environment, const Parts& parts);

  // OK once `target` is known to lead. Else kNotLeader, kBadLeaderTransferee for one that cannot,
  // or kLeaderTransferTimeout at `deadline`. `on_moved` may run before this has returned.
  using OnMoved = base::Callback<void(const base::Status& status)>;
  void Move(base::MemberId target, runtime::TimePoint deadline, OnMoved on_moved);
  // The same to the voter that has been connected longest: kUnhealthy if there is none.
  void MoveAway(runtime::TimePoint deadline, OnMoved on_moved);
  // To this member, from the one that leads, which is asked for it.
  void MoveHere(runtime::TimePoint deadline, OnMoved on_moved);

  // This one leads now.
  void OnLeader(base::MemberId leader);

 private:
  struct Waiting {
    base::MemberId from;
    base::MemberId target;
    runtime::TimePoint deadline;
    OnMoved on_moved;
  };

  void Begin(base::MemberId target, runtime::TimePoint deadline, OnMoved on_moved);
  void OnDeadline();
  void ArmTimer();

  const Environment environment_;
  const Parts parts_;
  std::vector<Waiting> waiting_;
  const std::unique_ptr<runtime::Timer> timer_;
};

}  // namespace server
