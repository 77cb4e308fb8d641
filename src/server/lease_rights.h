#pragma once

#include <memory>
#include <optional>

#include "base/callback.h"
#include "base/ids.h"
#include "base/status.h"
#include "server/environment.h"
#include "state/auth/identity.h"
#include "state/auth/rights.h"

namespace server {

class ApplyLoop;
class Frontend;

// Whether somebody may touch all keys that are with a lease, or with any: who may not neither
// renews it nor hears of it. On the apply loop, since it knows which keys these are, as they are
// when their turn comes.
//
// Any thread. Callbacks run on the apply loop, never before the method has returned, each once
// unless the member ends before. Errors are those of auth::Judge::CheckKeys.
class LeaseRights {
 public:
  // All outlive this; `frontend` is that of the apply loop.
  LeaseRights(const Environment& environment, ApplyLoop* apply_loop, Frontend* frontend)
      : loop_(*environment.apply_loop), apply_loop_(*apply_loop), frontend_(*frontend) {}

  using OnChecked = base::Callback<void(const base::Status& status)>;
  void Check(base::LeaseId id, auth::Identity who, auth::Access access, OnChecked on_checked);
  // Those of all leases, of which there may be a million: in slices.
  void CheckAll(auth::Identity who, auth::Access access, OnChecked on_checked);

  static constexpr size_t kCheckedOfTurn = 1'000;

 private:
  struct Walk;

  void Continue(const std::shared_ptr<Walk>& walk);

  runtime::Loop& loop_;
  ApplyLoop& apply_loop_;
  Frontend& frontend_;
};

}  // namespace server
