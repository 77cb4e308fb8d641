#include "server/version_monitor.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "base/errors.h"
#include "proto/membership.pb.h"
#include "proto/raft_internal.pb.h"
#include "server/downgrading.h"

namespace server {

std::optional<members::Version> NextClusterVersion(
    const std::optional<members::Version>& current,
    const std::vector<std::optional<members::Version>>& servers,
    const members::Downgrade& downgrade) {
  const bool all_told = std::all_of(servers.begin(), servers.end(),
                                    [](const auto& version) { return version.has_value(); });
  if (!all_told) {
    return current.has_value() ? std::nullopt : members::ParseVersion(kMinClusterVersion);
  }
  if (servers.empty()) return std::nullopt;
  const members::Version lowest = (*std::min_element(servers.begin(), servers.end()))->Cluster();
  if (!current.has_value()) return lowest;
  if (downgrade.enabled) {
    const auto target = members::ParseVersion(downgrade.target);
    const bool is_next = target.has_value() && *target < *current && *target < lowest &&
                         *target == DowngradeTarget(*current) && *target == DowngradeTarget(lowest);
    return is_next ? target : std::nullopt;
  }
  if (lowest <= *current) return std::nullopt;
  return lowest;
}

bool IsDowngraded(const members::Downgrade& downgrade,
                  const std::vector<std::optional<members::Version>>& servers) {
  const auto target = members::ParseVersion(downgrade.target);
  if (!downgrade.enabled || !target.has_value()) return false;
  return std::all_of(servers.begin(), servers.end(), [&target](const auto& version) {
    return version.has_value() && version->Cluster() == *target;
  });
}

VersionMonitor::VersionMonitor(const Options& options, const Environment& environment,
                               const Parts& parts)
    : options_(options),
      environment_(environment),
      parts_(parts),
      timer_(environment.apply_loop->NewTimer([this] { OnTimer(); })),
      downgrade_timer_(environment.apply_loop->NewTimer([this] { OnDowngradeTimer(); })) {}

void VersionMonitor::Start() {
  OnTimer();
  if (options_.downgrade_check_interval > runtime::Duration(0)) {
    downgrade_timer_->Arm(options_.downgrade_check_interval);
  }
}

void VersionMonitor::OnTimer() {
  timer_->Arm(kInterval);
  Ask([this](const Servers& servers) { UpdateVersion(servers); });
}

void VersionMonitor::OnDowngradeTimer() {
  downgrade_timer_->Arm(options_.downgrade_check_interval);
  if (!parts_.apply_loop->members().downgrade().enabled) return;
  Ask([this](const Servers& servers) { EndDowngrade(servers); });
}

void VersionMonitor::OnElected() {
  OnTimer();
}

void VersionMonitor::Ask(OnServers on_servers) {
  if (!leads() || asking_) return;
  asking_ = true;
  // It may come after the member has ended, when the loop runs no more.
  const auto on_versions = [this, loop = environment_.apply_loop,
                            on_servers = std::move(on_servers)](
                               std::map<base::MemberId, members::MemberVersions> versions) {
    loop->Post([this, on_servers, versions = std::move(versions)] {
      asking_ = false;
      if (leads()) on_servers(ServersOf(versions));
    });
  };
  if (environment_.transport == nullptr) return on_versions({});
  environment_.transport->AskVersions(on_versions);
}

VersionMonitor::Servers VersionMonitor::ServersOf(
    const std::map<base::MemberId, members::MemberVersions>& versions) const {
  Servers servers;
  for (const auto& [id, member] : parts_.apply_loop->members().members()) {
    if (id == parts_.self) {
      servers.push_back(members::ParseVersion(kVersion));
      continue;
    }
    const auto told = versions.find(id);
    servers.push_back(told == versions.end() ? std::nullopt
                                             : members::ParseVersion(told->second.server));
  }
  return servers;
}

void VersionMonitor::UpdateVersion(const Servers& servers) {
  const members::Membership& membership = parts_.apply_loop->members();
  const auto next = NextClusterVersion(members::ParseVersion(membership.cluster_version()), servers,
                                       membership.downgrade());
  if (next.has_value()) Propose(*next);
}

void VersionMonitor::EndDowngrade(const Servers& servers) {
  const members::Downgrade& downgrade = parts_.apply_loop->members().downgrade();
  if (!IsDowngraded(downgrade, servers)) return;
  environment_.logger->Info("the cluster has been downgraded",
                            {{"cluster-version", downgrade.target}});
  ProposeDowngrade(parts_.frontend, std::nullopt, {}, [this](const apply::Reply& reply) {
    if (reply.status.ok() || reply.status == base::errors::kStopped) return;
    environment_.logger->Warn("failed to cancel downgrade", {{"error", reply.status.message()}});
  });
}

void VersionMonitor::Propose(const members::Version& version) {
  environment_.logger->Info(
      "updating cluster version using v3 API",
      {{"from", parts_.apply_loop->members().cluster_version()}, {"to", version.ToString()}});
  membershippb::ClusterVersionSetRequest request;
  request.set_ver(version.ToString());
  parts_.frontend->Propose(etcdserverpb::InternalRaftRequest::kClusterVersionSetFieldNumber,
                           request.SerializeAsString(), [this](const apply::Reply& reply) {
                             if (reply.status.ok() || reply.status == base::errors::kStopped) {
                               return;
                             }
                             environment_.logger->Warn("failed to update cluster version",
                                                       {{"error", reply.status.message()}});
                           });
}

}  // namespace server
