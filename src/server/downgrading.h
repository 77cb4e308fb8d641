#pragma once

#include <optional>
#include <string>

#include "base/callback.h"
#include "base/result.h"
#include "server/apply_loop.h"
#include "server/caller.h"
#include "server/environment.h"
#include "server/frontend.h"
#include "state/members/versions.h"

namespace server {

// The downgrade of the cluster to the version before, as clients ask for it: what etcd checks, in
// its order, by the state as it is after everything that anybody was answered; then the log. What
// follows from it is VersionMonitor's: it lowers the cluster's version, and ends the downgrade when
// all members run the target.
//
// Any thread. Answers come on the apply loop, once, unless the member ends before. Each is awaited
// by a call, which bounds them.
class Downgrading {
 public:
  struct Parts {
    ApplyLoop* apply_loop;
    Frontend* frontend;  // of the apply loop
  };
  Downgrading(const Environment& environment, const Parts& parts)
      : environment_(environment), parts_(parts) {}

  // The cluster's version when it was done, "3.7".
  using OnDone = base::Callback<void(base::Result<std::string> cluster_version)>;

  // Whether `target`, "3.6" or "3.6.0", can be had: kWrongDowngradeVersionFormat,
  // kClusterVersionUnavailable, kInvalidDowngradeTargetVersion unless it is one minor version below
  // the cluster's, kDowngradeInProgress.
  void Validate(std::string target, OnDone on_done);
  // Begins it, after the same checks.
  void Enable(std::string target, const Caller& caller, OnDone on_done);
  // Ends it. Compat: OK without one, with a line in the log.
  void Cancel(const Caller& caller, OnDone on_done);
  // Whether there is one that has not lowered the cluster's version yet: what etcd's members ask
  // before they join. Those of the target take a yes for a cluster that is one version above them,
  // and refuse one that has their own. Compat: etcd says yes until the downgrade has ended, so that
  // no member of the target can be added to a cluster which was prepared for it.
  void IsPending(base::Callback<void(base::Result<bool> pending)> on_answer);

 private:
  using OnChecked = base::Callback<void(const base::Result<members::Version>& target)>;
  void Check(const std::string& target, OnChecked on_checked);
  bool IsPendingNow() const;
  base::Result<members::Version> CheckNow(const std::string& target) const;
  void Propose(const std::optional<members::Version>& target, const Caller& caller, OnDone on_done);
  base::Result<std::string> Done() const;

  const Environment environment_;
  const Parts parts_;
};

// Has the cluster begin a downgrade to `target`, or end the one that there is. On the frontend's
// loop.
void ProposeDowngrade(Frontend* frontend, const std::optional<members::Version>& target,
                      const Caller& caller, Frontend::OnReply on_reply);

// The version that a cluster of `current` can be downgraded to.
members::Version DowngradeTarget(const members::Version& current);

}  // namespace server
