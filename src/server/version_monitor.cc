#include "server/version_monitor.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "proto/membership.pb.h"
#include "proto/raft_internal.pb.h"
#include "server/options.h"

namespace server {

std::optional<members::Version> NextClusterVersion(
    const std::optional<members::Version>& current,
    const std::vector<std::optional<members::Version>>& servers) {
  const bool all_told = std::all_of(servers.begin(), servers.end(),
                                    [](const auto& version) { return version.has_value(); });
  if (!all_told) {
    return current.has_value() ? std::nullopt : members::ParseVersion(kMinClusterVersion);
  }
  if (servers.empty()) return std::nullopt;
  const members::Version lowest = (*std::min_element(servers.begin(), servers.end()))->Cluster();
  if (current.has_value() && lowest <= *current) return std::nullopt;
  return lowest;
}

VersionMonitor::VersionMonitor(const Environment& environment, const Parts& parts)
    : environment_(environment),
      parts_(parts),
      timer_(environment.apply_loop->NewTimer([this] { OnTimer(); })) {}

void VersionMonitor::OnTimer() {
  timer_->Arm(kInterval);
  Ask();
}

void VersionMonitor::OnElected() {
  OnTimer();
}

void VersionMonitor::Ask() {
  if (parts_.progress->leader != parts_.self.value() || asking_) return;
  asking_ = true;
  const auto on_versions = [this](std::map<base::MemberId, members::MemberVersions> versions) {
    environment_.apply_loop->Post([this, versions = std::move(versions)] {
      asking_ = false;
      OnVersions(versions);
    });
  };
  if (environment_.transport == nullptr) return on_versions({});
  environment_.transport->AskVersions(on_versions);
}

void VersionMonitor::OnVersions(const std::map<base::MemberId, members::MemberVersions>& versions) {
  if (parts_.progress->leader != parts_.self.value()) return;
  const members::Membership& membership = parts_.apply_loop->members();
  std::vector<std::optional<members::Version>> servers;
  for (const auto& [id, member] : membership.members()) {
    if (id == parts_.self) {
      servers.push_back(members::ParseVersion(kVersion));
      continue;
    }
    const auto told = versions.find(id);
    servers.push_back(told == versions.end() ? std::nullopt
                                             : members::ParseVersion(told->second.server));
  }
  const auto next =
      NextClusterVersion(members::ParseVersion(membership.cluster_version()), servers);
  if (next.has_value()) Propose(*next);
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
