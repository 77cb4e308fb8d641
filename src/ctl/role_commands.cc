#include "ctl/role_commands.h"

#include <algorithm>
#include <cctype>
#include <string>

#include "ctl/auth_commands.h"

namespace ctl {
namespace {

// The end of a range that has none, and the first key.
const std::string kZero(1, 0);

Outcome CheckName(const Invocation& invocation, const std::string& command) {
  if (invocation.arguments.size() == 1) return {};
  return Failed(kExitBadArguments, command + " command requires role name as its argument");
}

Outcome ReadPermissionType(const std::string& text, etcd::PermissionType* type) {
  std::string upper = text;
  for (char& character : upper) {
    character = static_cast<char>(std::toupper(static_cast<unsigned char>(character)));
  }
  static constexpr const char* kNames[] = {"READ", "WRITE", "READWRITE"};
  const auto* const found = std::find(std::begin(kNames), std::end(kNames), upper);
  if (found == std::end(kNames)) {
    return Failed(kExitBadArguments, "invalid permission type: " + text);
  }
  *type = static_cast<etcd::PermissionType>(found - std::begin(kNames));
  return {};
}

// Of the arguments from number `first` on: key, and maybe its end.
Outcome ReadRange(const Invocation& invocation, size_t first, etcd::Permission* permission) {
  const bool prefix = invocation.flags.GetBool("prefix");
  const bool from_key = invocation.flags.GetBool("from-key");
  const std::string& key = invocation.arguments[first];
  const bool has_end = invocation.arguments.size() > first + 1;
  if (prefix && from_key && (key.empty() || !has_end)) {
    return Failed(kExitBadArguments, "--from-key and --prefix flags are mutually exclusive");
  }
  if (key.empty()) {
    // Compat: what else is said of the end does not count.
    permission->key = kZero;
    if (prefix || from_key) permission->range_end = kZero;
    return {};
  }
  permission->key = key;
  if (has_end && (prefix || from_key)) {
    return Failed(kExitBadArguments, std::string("unexpected endkey argument with --") +
                                         (prefix ? "prefix" : "from-key") + " flag");
  }
  if (has_end) permission->range_end = invocation.arguments[first + 1];
  if (prefix) permission->range_end = etcd::Prefix(key).range_end;
  if (from_key) permission->range_end = kZero;
  return {};
}

std::string RevokedText(const std::string& role, const std::string& key, const std::string& end) {
  const std::string what = end.empty()    ? "key " + key
                           : end == kZero ? "range [" + key + ", <open ended>"
                                          : "range [" + key + ", " + end + ")";
  return "Permission of " + what + " is revoked from role " + role;
}

}  // namespace

Outcome RunRoleAdd(const Invocation& invocation) {
  if (Outcome outcome = CheckName(invocation, "role add"); !outcome.ok()) return outcome;
  Connection connection;
  if (Outcome outcome = Open(invocation, &connection); !outcome.ok()) return outcome;
  const std::string& role = invocation.arguments[0];
  return ShowAuthChange(connection, "Role " + role + " created",
                        etcd::Auth(connection.client.get()).RoleAdd(role, Patient()));
}

Outcome RunRoleDelete(const Invocation& invocation) {
  if (Outcome outcome = CheckName(invocation, "role delete"); !outcome.ok()) return outcome;
  Connection connection;
  if (Outcome outcome = Open(invocation, &connection); !outcome.ok()) return outcome;
  const std::string& role = invocation.arguments[0];
  return ShowAuthChange(connection, "Role " + role + " deleted",
                        etcd::Auth(connection.client.get()).RoleDelete(role, Patient()));
}

Outcome RunRoleGet(const Invocation& invocation) {
  if (Outcome outcome = CheckName(invocation, "role get"); !outcome.ok()) return outcome;
  Connection connection;
  if (Outcome outcome = Open(invocation, &connection); !outcome.ok()) return outcome;
  const std::string& role = invocation.arguments[0];
  const auto response = etcd::Auth(connection.client.get()).RoleGet(role, Patient());
  if (!response.ok()) return FailedCall(response.status());
  return connection.globals.printer->RoleGet(role, *response);
}

Outcome RunRoleList(const Invocation& invocation) {
  if (!invocation.arguments.empty()) {
    return Failed(kExitBadArguments, "role list command requires no arguments");
  }
  Connection connection;
  if (Outcome outcome = Open(invocation, &connection); !outcome.ok()) return outcome;
  const auto response = etcd::Auth(connection.client.get()).RoleList(Patient());
  if (!response.ok()) return FailedCall(response.status());
  return connection.globals.printer->RoleList(*response);
}

Outcome RunRoleGrantPermission(const Invocation& invocation) {
  if (invocation.arguments.size() < 3) {
    return Failed(kExitBadArguments,
                  "role grant command requires role name, permission type, and key [endkey] as its "
                  "argument");
  }
  etcd::Permission permission;
  Outcome outcome = ReadPermissionType(invocation.arguments[1], &permission.type);
  if (!outcome.ok()) return outcome;
  if (outcome = ReadRange(invocation, 2, &permission); !outcome.ok()) return outcome;
  Connection connection;
  if (outcome = Open(invocation, &connection); !outcome.ok()) return outcome;
  const std::string& role = invocation.arguments[0];
  return ShowAuthChange(
      connection, "Role " + role + " updated",
      etcd::Auth(connection.client.get()).RoleGrantPermission(role, permission, Patient()));
}

Outcome RunRoleRevokePermission(const Invocation& invocation) {
  if (invocation.arguments.size() < 2) {
    return Failed(kExitBadArguments,
                  "role revoke-permission command requires role name and key [endkey] as its "
                  "argument");
  }
  etcd::Permission range;
  if (Outcome outcome = ReadRange(invocation, 1, &range); !outcome.ok()) return outcome;
  Connection connection;
  if (Outcome outcome = Open(invocation, &connection); !outcome.ok()) return outcome;
  const std::string& role = invocation.arguments[0];
  return ShowAuthChange(connection, RevokedText(role, invocation.arguments[1], range.range_end),
                        etcd::Auth(connection.client.get())
                            .RoleRevokePermission(role, range.key, range.range_end, Patient()));
}

}  // namespace ctl
