#include "ctl/auth_commands.h"

#include "base/errors.h"

namespace ctl {
namespace {

constexpr char kRoot[] = "root";

Outcome OpenWithoutArguments(const Invocation& invocation, const std::string& command,
                             Connection* connection) {
  if (!invocation.arguments.empty()) {
    return Failed(kExitBadArguments, command + " command does not accept any arguments");
  }
  return Open(invocation, connection);
}

// Makes the role that is missing, and enables then.
etcd::Status Enable(etcd::Auth auth, const etcd::CallOptions& call) {
  for (;;) {
    const etcd::Status status = auth.AuthEnable(call).status();
    if (status.message() != base::errors::kRootRoleNotExist.text) return status;
    if (const auto added = auth.RoleAdd(kRoot, call); !added.ok()) return added.status();
    if (const auto granted = auth.UserGrantRole(kRoot, kRoot, call); !granted.ok()) {
      return granted.status();
    }
  }
}

}  // namespace

Outcome ShowAuthChange(const Connection& connection, const std::string& said,
                       const etcd::Result<etcd::AuthChangeResponse>& response) {
  if (!response.ok()) return FailedCall(response.status());
  return connection.globals.printer->AuthChange(said, *response);
}

Outcome RunAuthEnable(const Invocation& invocation) {
  Connection connection;
  Outcome outcome = OpenWithoutArguments(invocation, "auth enable", &connection);
  if (!outcome.ok()) return outcome;
  const etcd::Status status = Enable(etcd::Auth(connection.client.get()), connection.globals.call);
  if (!status.ok()) return FailedCall(status);
  Print(invocation.out, "Authentication Enabled\n");
  return {};
}

Outcome RunAuthDisable(const Invocation& invocation) {
  Connection connection;
  Outcome outcome = OpenWithoutArguments(invocation, "auth disable", &connection);
  if (!outcome.ok()) return outcome;
  const auto response = etcd::Auth(connection.client.get()).AuthDisable(connection.globals.call);
  if (!response.ok()) return FailedCall(response.status());
  Print(invocation.out, "Authentication Disabled\n");
  return {};
}

Outcome RunAuthStatus(const Invocation& invocation) {
  Connection connection;
  Outcome outcome = OpenWithoutArguments(invocation, "auth status", &connection);
  if (!outcome.ok()) return outcome;
  const auto response = etcd::Auth(connection.client.get()).AuthStatus(connection.globals.call);
  if (!response.ok()) return FailedCall(response.status());
  return connection.globals.printer->AuthStatus(*response);
}

}  // namespace ctl
