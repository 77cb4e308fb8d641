#include "server/change_log.h"

#include "proto/raft_internal.pb.h"
#include "state/members/member.h"

namespace server {
namespace {

using etcdserverpb::InternalRaftRequest;

void LogUserChange(const InternalRaftRequest& request, const observe::Logger& logger) {
  if (request.has_auth_user_add()) {
    logger.Info("added a user", {{"user-name", request.auth_user_add().name()}});
  } else if (request.has_auth_user_delete()) {
    logger.Info("deleted a user", {{"user-name", request.auth_user_delete().name()}});
  } else if (request.has_auth_user_change_password()) {
    logger.Info("changed a password of a user",
                {{"user-name", request.auth_user_change_password().name()}});
  } else if (request.has_auth_user_grant_role()) {
    const auto& grant = request.auth_user_grant_role();
    logger.Info("granted a role to a user",
                {{"user-name", grant.user()}, {"added-role-name", grant.role()}});
  } else if (request.has_auth_user_revoke_role()) {
    const auto& revoke = request.auth_user_revoke_role();
    logger.Info("revoked a role from a user",
                {{"user-name", revoke.name()}, {"revoked-role-name", revoke.role()}});
  }
}

void LogRoleChange(const InternalRaftRequest& request, const observe::Logger& logger) {
  if (request.has_auth_role_add()) {
    logger.Info("created a role", {{"role-name", request.auth_role_add().name()}});
  } else if (request.has_auth_role_delete()) {
    logger.Info("deleted a role", {{"role-name", request.auth_role_delete().role()}});
  } else if (request.has_auth_role_grant_permission()) {
    const auto& grant = request.auth_role_grant_permission();
    const auto& permission = grant.perm();
    // Compat: etcd calls the role so.
    logger.Info("granted/updated a permission to a user",
                {{"user-name", grant.name()},
                 {"permission-name", authpb::Permission::Type_Name(permission.permtype())},
                 {"key", permission.key()},
                 {"range-end", permission.range_end()}});
  } else if (request.has_auth_role_revoke_permission()) {
    const auto& revoke = request.auth_role_revoke_permission();
    logger.Info(
        "revoked a permission on range",
        {{"role-name", revoke.role()}, {"key", revoke.key()}, {"range-end", revoke.range_end()}});
  }
}

void LogAlarm(const etcdserverpb::AlarmRequest& request, const observe::Logger& logger) {
  if (request.action() == etcdserverpb::AlarmRequest::GET) return;
  const bool is_raised = request.action() == etcdserverpb::AlarmRequest::ACTIVATE;
  logger.Warn(is_raised ? "alarm raised" : "alarm disarmed",
              {{"alarm", etcdserverpb::AlarmType_Name(request.alarm())},
               {"member-id", members::HexText(request.memberid())}});
}

}  // namespace

void LogChange(const InternalRaftRequest& request, const observe::Logger& logger) {
  if (request.has_alarm()) return LogAlarm(request.alarm(), logger);
  if (request.has_admission_rule_set()) {
    return logger.Info("set an admission rule",
                       {{"rule", request.admission_rule_set().rule().name()}});
  }
  if (request.has_admission_rule_delete()) {
    return logger.Info("deleted an admission rule",
                       {{"rule", request.admission_rule_delete().name()}});
  }
  if (request.has_auth_enable()) return logger.Info("enabled authentication", {});
  if (request.has_auth_disable()) return logger.Info("disabled authentication", {});
  LogUserChange(request, logger);
  LogRoleChange(request, logger);
}

}  // namespace server
