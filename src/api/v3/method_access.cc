#include "api/v3/method_access.h"

#include <algorithm>
#include <iterator>

#include "base/check.h"

namespace v3 {
namespace {

struct Method {
  std::string_view service;
  std::string_view name;
  MethodAccess access;
};

constexpr std::string_view kKv = "etcdserverpb.KV";
constexpr std::string_view kWatch = "etcdserverpb.Watch";
constexpr std::string_view kLease = "etcdserverpb.Lease";
constexpr std::string_view kCluster = "etcdserverpb.Cluster";
constexpr std::string_view kMaintenance = "etcdserverpb.Maintenance";
constexpr std::string_view kAuth = "etcdserverpb.Auth";
constexpr std::string_view kLock = "v3lockpb.Lock";
constexpr std::string_view kElection = "v3electionpb.Election";
constexpr std::string_view kAdmission = "admissionpb.Admission";
constexpr std::string_view kUsage = "usagepb.Usage";

constexpr Method kMethods[] = {
    {kKv, "Range", MethodAccess::kByRequest},
    {kKv, "RangeStream", MethodAccess::kByRequest},
    {kKv, "Put", MethodAccess::kByRequest},
    {kKv, "DeleteRange", MethodAccess::kByRequest},
    {kKv, "Txn", MethodAccess::kByRequest},
    {kKv, "Compact", MethodAccess::kRoot},
    {kWatch, "Watch", MethodAccess::kByRequest},
    {kLease, "LeaseGrant", MethodAccess::kUser},
    {kLease, "LeaseRevoke", MethodAccess::kUser},
    {kLease, "LeaseKeepAlive", MethodAccess::kByRequest},
    {kLease, "LeaseTimeToLive", MethodAccess::kUser},
    {kLease, "LeaseLeases", MethodAccess::kUser},
    {kCluster, "MemberAdd", MethodAccess::kRoot},
    {kCluster, "MemberRemove", MethodAccess::kRoot},
    {kCluster, "MemberUpdate", MethodAccess::kRoot},
    {kCluster, "MemberList", MethodAccess::kUser},
    {kCluster, "MemberPromote", MethodAccess::kRoot},
    {kMaintenance, "Alarm", MethodAccess::kByRequest},
    {kMaintenance, "Status", MethodAccess::kUser},
    {kMaintenance, "Defragment", MethodAccess::kRoot},
    {kMaintenance, "Hash", MethodAccess::kRoot},
    {kMaintenance, "HashKV", MethodAccess::kRoot},
    {kMaintenance, "Snapshot", MethodAccess::kRoot},
    {kMaintenance, "MoveLeader", MethodAccess::kRoot},
    {kMaintenance, "Downgrade", MethodAccess::kRoot},
    {kAuth, "Authenticate", MethodAccess::kAnybody},
    {kAuth, "AuthStatus", MethodAccess::kByRequest},
    {kAuth, "AuthEnable", MethodAccess::kByRequest},
    {kAuth, "AuthDisable", MethodAccess::kByRequest},
    {kAuth, "UserAdd", MethodAccess::kByRequest},
    {kAuth, "UserGet", MethodAccess::kByRequest},
    {kAuth, "UserList", MethodAccess::kByRequest},
    {kAuth, "UserDelete", MethodAccess::kByRequest},
    {kAuth, "UserChangePassword", MethodAccess::kByRequest},
    {kAuth, "UserGrantRole", MethodAccess::kByRequest},
    {kAuth, "UserRevokeRole", MethodAccess::kByRequest},
    {kAuth, "RoleAdd", MethodAccess::kByRequest},
    {kAuth, "RoleGet", MethodAccess::kByRequest},
    {kAuth, "RoleList", MethodAccess::kByRequest},
    {kAuth, "RoleDelete", MethodAccess::kByRequest},
    {kAuth, "RoleGrantPermission", MethodAccess::kByRequest},
    {kAuth, "RoleRevokePermission", MethodAccess::kByRequest},
    {kLock, "Lock", MethodAccess::kByRequest},
    {kLock, "Unlock", MethodAccess::kByRequest},
    {kElection, "Campaign", MethodAccess::kByRequest},
    {kElection, "Proclaim", MethodAccess::kByRequest},
    {kElection, "Leader", MethodAccess::kByRequest},
    {kElection, "Observe", MethodAccess::kByRequest},
    {kElection, "Resign", MethodAccess::kByRequest},
    {kAdmission, "RuleSet", MethodAccess::kRoot},
    {kAdmission, "RuleDelete", MethodAccess::kRoot},
    {kAdmission, "RuleList", MethodAccess::kRoot},
    {kUsage, "Usage", MethodAccess::kByRequest},
};

}  // namespace

MethodAccess AccessOf(std::string_view service, std::string_view method) {
  const auto* const found =
      std::find_if(std::begin(kMethods), std::end(kMethods), [&](const Method& candidate) {
        return candidate.service == service && candidate.name == method;
      });
  CHECK(found != std::end(kMethods));
  return found->access;
}

}  // namespace v3
