#include "ctl/user_commands.h"

#include <string>

#include "ctl/auth_commands.h"
#include "ctl/password.h"

namespace ctl {
namespace {

Outcome CheckCount(const Invocation& invocation, size_t count, const char* complaint) {
  if (invocation.arguments.size() == count) return {};
  return Failed(kExitBadArguments, complaint);
}

Outcome AskTwice(const Invocation& invocation, const std::string& user, std::string* password) {
  *password = AskPassword(invocation, "Password of " + user + ": ");
  if (password->empty()) return Failed(kExitBadArguments, "empty password");
  if (AskPassword(invocation, "Type password of " + user + " again for confirmation: ") !=
      *password) {
    return Failed(kExitBadArguments, "given passwords are different");
  }
  return {};
}

// Compat: with --interactive=false, what cannot be read is an empty password.
Outcome ReadNewPassword(const Invocation& invocation, const std::string& user,
                        std::string* password) {
  if (invocation.flags.GetBool("interactive")) return AskTwice(invocation, user, password);
  *password = ReadWord(invocation.in);
  return {};
}

Outcome ReadUserToAdd(const Invocation& invocation, etcd::UserAddRequest* request) {
  const Flags& flags = invocation.flags;
  request->name = invocation.arguments[0];
  request->no_password = flags.GetBool("no-password");
  if (request->no_password) return {};
  request->password = flags.GetString("new-user-password");
  if (!request->password.empty()) return {};
  const size_t colon = request->name.find(':');
  if (colon == std::string::npos) {
    return ReadNewPassword(invocation, request->name, &request->password);
  }
  request->password = request->name.substr(colon + 1);
  request->name.resize(colon);
  if (request->name.empty()) return Failed(kExitBadArguments, "empty user name is not allowed");
  return {};
}

// The permissions of each of the user's roles.
Outcome ShowRoles(const Invocation& invocation, const Connection& connection,
                  const std::string& user, const etcd::UserGetResponse& response) {
  Print(invocation.out, "User: " + user + "\n");
  for (const std::string& role : response.roles) {
    Print(invocation.out, "\n");
    const auto found = etcd::Auth(connection.client.get()).RoleGet(role, Patient());
    if (!found.ok()) return FailedCall(found.status());
    if (Outcome outcome = connection.globals.printer->RoleGet(role, *found); !outcome.ok()) {
      return outcome;
    }
  }
  return {};
}

}  // namespace

Outcome RunUserAdd(const Invocation& invocation) {
  Outcome outcome =
      CheckCount(invocation, 1, "user add command requires user name as its argument");
  if (!outcome.ok()) return outcome;
  etcd::UserAddRequest request;
  if (outcome = ReadUserToAdd(invocation, &request); !outcome.ok()) return outcome;
  Connection connection;
  if (outcome = Open(invocation, &connection); !outcome.ok()) return outcome;
  return ShowAuthChange(connection, "User " + request.name + " created",
                        etcd::Auth(connection.client.get()).UserAdd(request, Patient()));
}

Outcome RunUserDelete(const Invocation& invocation) {
  Outcome outcome =
      CheckCount(invocation, 1, "user delete command requires user name as its argument");
  if (!outcome.ok()) return outcome;
  Connection connection;
  if (outcome = Open(invocation, &connection); !outcome.ok()) return outcome;
  const std::string& user = invocation.arguments[0];
  return ShowAuthChange(connection, "User " + user + " deleted",
                        etcd::Auth(connection.client.get()).UserDelete(user, Patient()));
}

Outcome RunUserGet(const Invocation& invocation) {
  Outcome outcome =
      CheckCount(invocation, 1, "user get command requires user name as its argument");
  if (!outcome.ok()) return outcome;
  Connection connection;
  if (outcome = Open(invocation, &connection); !outcome.ok()) return outcome;
  const std::string& user = invocation.arguments[0];
  const auto response = etcd::Auth(connection.client.get()).UserGet(user, Patient());
  if (!response.ok()) return FailedCall(response.status());
  if (invocation.flags.GetBool("detail")) {
    return ShowRoles(invocation, connection, user, *response);
  }
  return connection.globals.printer->UserGet(user, *response);
}

Outcome RunUserList(const Invocation& invocation) {
  Outcome outcome = CheckCount(invocation, 0, "user list command requires no arguments");
  if (!outcome.ok()) return outcome;
  Connection connection;
  if (outcome = Open(invocation, &connection); !outcome.ok()) return outcome;
  const auto response = etcd::Auth(connection.client.get()).UserList(Patient());
  if (!response.ok()) return FailedCall(response.status());
  return connection.globals.printer->UserList(*response);
}

Outcome RunUserPasswd(const Invocation& invocation) {
  Outcome outcome =
      CheckCount(invocation, 1, "user passwd command requires user name as its argument");
  if (!outcome.ok()) return outcome;
  const std::string& user = invocation.arguments[0];
  std::string password;
  if (outcome = ReadNewPassword(invocation, user, &password); !outcome.ok()) return outcome;
  Connection connection;
  if (outcome = Open(invocation, &connection); !outcome.ok()) return outcome;
  return ShowAuthChange(
      connection, "Password updated",
      etcd::Auth(connection.client.get()).UserChangePassword(user, password, Patient()));
}

Outcome RunUserGrantRole(const Invocation& invocation) {
  Outcome outcome = CheckCount(
      invocation, 2, "user grant command requires user name and role name as its argument");
  if (!outcome.ok()) return outcome;
  Connection connection;
  if (outcome = Open(invocation, &connection); !outcome.ok()) return outcome;
  const std::string& user = invocation.arguments[0];
  const std::string& role = invocation.arguments[1];
  return ShowAuthChange(connection, "Role " + role + " is granted to user " + user,
                        etcd::Auth(connection.client.get()).UserGrantRole(user, role, Patient()));
}

Outcome RunUserRevokeRole(const Invocation& invocation) {
  Outcome outcome = CheckCount(invocation, 2,
                               "user revoke-role requires user name and role name as its argument");
  if (!outcome.ok()) return outcome;
  Connection connection;
  if (outcome = Open(invocation, &connection); !outcome.ok()) return outcome;
  const std::string& user = invocation.arguments[0];
  const std::string& role = invocation.arguments[1];
  return ShowAuthChange(connection, "Role " + role + " is revoked from user " + user,
                        etcd::Auth(connection.client.get()).UserRevokeRole(user, role, Patient()));
}

}  // namespace ctl
