#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "base/ids.h"
#include "runtime/loop.h"
#include "server/apply_loop.h"
#include "server/environment.h"
#include "server/frontend.h"
#include "server/progress.h"
#include "state/members/versions.h"

namespace server {

// Keeps the cluster's version at what all of its members can do: while this member leads, it asks
// the others for theirs, and has the cluster agree on the lowest of them. As etcd's monitor: every
// kInterval; the version only rises here, and not before all have told; a cluster without one gets
// kMinClusterVersion until then. Belongs to the apply loop.
class VersionMonitor {
 public:
  struct Parts {
    base::MemberId self;
    ApplyLoop* apply_loop;
    Frontend* frontend;  // of the apply loop
    const Progress* progress;
  };
  VersionMonitor(const Environment& environment, const Parts& parts);

  void Start() { OnTimer(); }
  // This member leads from now on.
  void OnElected();

  static constexpr runtime::Duration kInterval = std::chrono::seconds(4);

 private:
  void OnTimer();
  void Ask();
  void OnVersions(const std::map<base::MemberId, members::MemberVersions>& versions);
  void Propose(const members::Version& version);

  const Environment environment_;
  const Parts parts_;
  bool asking_ = false;
  const std::unique_ptr<runtime::Timer> timer_;
};

// The version that a cluster whose version is `current` (nothing: none yet) should have, where
// `servers` are those of all members, nothing for one that has not told; nothing if it should stay.
std::optional<members::Version> NextClusterVersion(
    const std::optional<members::Version>& current,
    const std::vector<std::optional<members::Version>>& servers);

}  // namespace server
