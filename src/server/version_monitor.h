#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/ids.h"
#include "runtime/loop.h"
#include "server/apply_loop.h"
#include "server/environment.h"
#include "server/frontend.h"
#include "server/options.h"
#include "server/progress.h"
#include "state/members/downgrade.h"
#include "state/members/versions.h"

namespace server {

// Keeps the cluster's version at what all of its members can do: while this member leads, it asks
// the others for theirs, and has the cluster agree on the lowest of them. As etcd's monitor: every
// kInterval; the version only rises, and not before all have told; a cluster without one gets
// kMinClusterVersion until then.
//
// Only a downgrade lowers it, at once to the target, so that members of that version can come. The
// downgrade ends when all members are of it: every Options::downgrade_check_interval the leader
// looks. If it is ended before, the version rises again.
//
// Belongs to the apply loop.
class VersionMonitor {
 public:
  struct Parts {
    base::MemberId self;
    ApplyLoop* apply_loop;
    Frontend* frontend;  // of the apply loop
    const Progress* progress;
  };
  VersionMonitor(const Options& options, const Environment& environment, const Parts& parts);

  void Start();
  // This member leads from now on.
  void OnElected();

  static constexpr runtime::Duration kInterval = std::chrono::seconds(4);

 private:
  // Of all members; nothing for one that has not told.
  using Servers = std::vector<std::optional<members::Version>>;
  using OnServers = std::function<void(const Servers& servers)>;

  void OnTimer();
  void OnDowngradeTimer();
  // While this member leads; one question at a time.
  void Ask(OnServers on_servers);
  Servers ServersOf(const std::map<base::MemberId, members::MemberVersions>& versions) const;
  void UpdateVersion(const Servers& servers);
  void EndDowngrade(const Servers& servers);
  void Propose(const members::Version& version);
  bool leads() const { return parts_.progress->leader == parts_.self.value(); }

  const Options options_;
  const Environment environment_;
  const Parts parts_;
  bool asking_ = false;
  const std::unique_ptr<runtime::Timer> timer_;
  const std::unique_ptr<runtime::Timer> downgrade_timer_;
};

// The version that a cluster whose version is `current` (nothing: none yet) should have, where
// `servers` are those of all members, nothing for one that has not told; nothing if it should stay.
// While it is downgraded that is the target, if it is one below both its own version and the lowest
// of the members.
std::optional<members::Version> NextClusterVersion(
    const std::optional<members::Version>& current,
    const std::vector<std::optional<members::Version>>& servers,
    const members::Downgrade& downgrade = {});

// Whether all members run the target of the downgrade, which is over then.
bool IsDowngraded(const members::Downgrade& downgrade,
                  const std::vector<std::optional<members::Version>>& servers);

}  // namespace server
