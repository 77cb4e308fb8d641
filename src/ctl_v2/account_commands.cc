#include "ctl_v2/account_commands.h"

#include <functional>

#include "base/go_text.h"
#include "base/url_path.h"
#include "client_v2/accounts.h"
#include "ctl_v2/connection.h"

namespace ctl_v2 {
namespace {

using client_v2::Accounts;
using client_v2::Change;
using client_v2::Role;
using client_v2::User;

using Type = cli::FlagSpec::Type;
using Ask = std::function<std::optional<Failure>(Accounts& accounts)>;

// Does that with the accounts of the cluster. Says `done` then, and else why not.
int Do(const Call& call, const Ask& ask, const std::function<std::string()>& done) {
  int exit_code = 0;
  const auto cluster = Connect(call, Sync::kYes, &exit_code);
  if (cluster == nullptr) return exit_code;
  if (call.globals.GetBool("debug")) {
    cli::Print(call.own.err, "Cluster-Endpoints: " + base::Join(cluster->endpoints(), ", ") + "\n");
  }
  Accounts accounts(cluster.get(), cluster->NewDeadline());
  const auto failure = ask(accounts);
  if (failure.has_value()) return FailPlainly(call, failure->text);
  cli::Print(call.own.out, done());
  return kExitSuccess;
}

// The only argument; empty, and refused, if that is not what there is.
const std::string* NameIn(const Call& call, const char* refusal) {
  if (call.own.arguments.size() == 1) return &call.own.arguments[0];
  (void)FailPlainly(call, refusal);
  return nullptr;
}
const std::string* UserIn(const Call& call) {
  return NameIn(call, "Please provide a username");
}
const std::string* RoleIn(const Call& call) {
  return NameIn(call, "Please provide a role name");
}

std::string Lines(const std::vector<std::string>& texts, const std::string& before = "") {
  std::string lines;
  for (const std::string& text : texts) lines += before + text + "\n";
  return lines;
}

using ListCall = std::optional<Failure> (Accounts::*)(std::vector<std::string>*);

int List(const Call& call, ListCall list) {
  if (!call.own.arguments.empty()) return FailPlainly(call, "No arguments accepted");
  std::vector<std::string> names;
  return Do(
      call, [&](Accounts& accounts) { return (accounts.*list)(&names); },
      [&] { return Lines(names); });
}
int RunUserList(const Call& call) {
  return List(call, &Accounts::ListUsers);
}
int RunRoleList(const Call& call) {
  return List(call, &Accounts::ListRoles);
}

int RunUserAdd(const Call& call) {
  const std::string* const name = UserIn(call);
  if (name == nullptr) return kExitBadArguments;
  Credentials credentials;
  return Do(
      call,
      [&](Accounts& accounts) {
        credentials = ReadCredentials(call, "New password: ", *name);
        return accounts.PutUser(credentials.user, credentials.password);
      },
      [&] { return "User " + credentials.user + " created\n"; });
}

int RunUserGet(const Call& call) {
  const std::string* const name = UserIn(call);
  if (name == nullptr) return kExitBadArguments;
  User user;
  return Do(
      call, [&](Accounts& accounts) { return accounts.GetUser(*name, &user); },
      [&] {
        // Compat: Go's client has an empty name in front for each role.
        return "User: " + user.name + "\nRoles: " + std::string(user.roles.size(), ' ') +
               base::Join(user.roles, " ") + "\n";
      });
}

int RunUserRemove(const Call& call) {
  const std::string* const name = UserIn(call);
  if (name == nullptr) return kExitBadArguments;
  return Do(
      call, [&](Accounts& accounts) { return accounts.RemoveUser(*name); },
      [&] { return "User " + *name + " removed\n"; });
}

int RunUserPassword(const Call& call) {
  const std::string* const name = UserIn(call);
  if (name == nullptr) return kExitBadArguments;
  return Do(
      call,
      [&](Accounts& accounts) {
        return accounts.PutUser(*name, ReadCredentials(call, "New password: ", "").password);
      },
      [] { return std::string("Password updated\n"); });
}

int ChangeRoles(const Call& call, Change change) {
  const std::vector<std::string>& roles = call.own.flags.GetStrings("roles");
  if (roles.empty()) return FailPlainly(call, "No roles specified; please use `--roles`");
  const std::string* const name = UserIn(call);
  if (name == nullptr) return kExitBadArguments;
  return Do(
      call, [&](Accounts& accounts) { return accounts.ChangeRoles(*name, change, roles); },
      [&] { return "User " + *name + " updated\n"; });
}
int RunUserGrant(const Call& call) {
  return ChangeRoles(call, Change::kGrant);
}
int RunUserRevoke(const Call& call) {
  return ChangeRoles(call, Change::kRevoke);
}

int RunRoleAdd(const Call& call) {
  const std::string* const name = RoleIn(call);
  if (name == nullptr) return kExitBadArguments;
  return Do(
      call,
      [&](Accounts& accounts) -> std::optional<Failure> {
        Role role;
        if (accounts.GetRole(*name, &role).has_value()) return accounts.AddRole(*name);
        return Failure{.text = "Role " + *name + " already exists"};
      },
      [&] { return "Role " + *name + " created\n"; });
}

int RunRoleGet(const Call& call) {
  const std::string* const name = RoleIn(call);
  if (name == nullptr) return kExitBadArguments;
  Role role;
  return Do(
      call, [&](Accounts& accounts) { return accounts.GetRole(*name, &role); },
      [&] {
        return "Role: " + role.name + "\nKV Read:\n" + Lines(role.reads, "\t") + "KV Write:\n" +
               Lines(role.writes, "\t");
      });
}

int RunRoleRemove(const Call& call) {
  const std::string* const name = RoleIn(call);
  if (name == nullptr) return kExitBadArguments;
  return Do(
      call, [&](Accounts& accounts) { return accounts.RemoveRole(*name); },
      [&] { return "Role " + *name + " removed\n"; });
}

// What is wrong with --path, --read, --write and --readwrite; empty: nothing.
std::string WrongAccess(const cli::Flags& flags) {
  const std::string& path = flags.GetString("path");
  if (path.empty()) return "No path specified; please use `--path`";
  if (const std::string canonical = base::CanonicalPath(path); canonical != path) {
    return "Not canonical path; please use `--path=" + canonical + "`";
  }
  int kinds = 0;
  for (const char* const kind : {"read", "write", "readwrite"}) kinds += flags.GetBool(kind);
  return kinds == 1 ? "" : "Please specify exactly one of --read, --write or --readwrite";
}

int ChangeAccess(const Call& call, Change change) {
  const cli::Flags& flags = call.own.flags;
  if (const std::string wrong = WrongAccess(flags); !wrong.empty()) {
    return FailPlainly(call, wrong);
  }
  const std::string* const name = RoleIn(call);
  if (name == nullptr) return kExitBadArguments;
  const bool both = flags.GetBool("readwrite");
  const Accounts::Access access{flags.GetString("path"), both || flags.GetBool("read"),
                                both || flags.GetBool("write")};
  Role before;
  Role now;
  return Do(
      call,
      [&](Accounts& accounts) {
        auto failure = accounts.GetRole(*name, &before);
        return failure.has_value() ? failure : accounts.ChangeAccess(*name, change, access, &now);
      },
      [&] {
        const std::string verb = change == Change::kGrant ? "granted" : "revoked";
        return (before == now ? "Role unchanged; already " + verb : std::string()) + "Role " +
               *name + " updated\n";
      });
}
int RunRoleGrant(const Call& call) {
  return ChangeAccess(call, Change::kGrant);
}
int RunRoleRevoke(const Call& call) {
  return ChangeAccess(call, Change::kRevoke);
}

int Switch(const Call& call, bool is_on) {
  if (!call.own.arguments.empty()) return FailPlainly(call, "No arguments accepted");
  return Do(
      call, [&](Accounts& accounts) { return accounts.Enable(is_on); },
      [&] { return std::string("Authentication ") + (is_on ? "Enabled" : "Disabled") + "\n"; });
}
int RunEnable(const Call& call) {
  return Switch(call, true);
}
int RunDisable(const Call& call) {
  return Switch(call, false);
}

std::vector<Flag> Roles() {
  return {{{"roles", 0, Type::kStrings, "", "a role; may be given several times"}}};
}

std::vector<Flag> AccessFlags() {
  return {{{"path", 0, Type::kString, "", "a key, or with * at its end all that begin so"}},
          {{"read", 0, Type::kBool, "false", "to read"}},
          {{"write", 0, Type::kBool, "false", "to write"}},
          {{"readwrite", 0, Type::kBool, "false", "both"}, "rw"}};
}

}  // namespace

Command UserCommand() {
  return {"user",
          "add users, change and remove them",
          "",
          "",
          {},
          {{"add", "add a user", "USER[:PASSWORD]", "", {}, {}, RunUserAdd},
           {"get", "show the roles of a user", "USER", "", {}, {}, RunUserGet},
           {"list", "list the users", "", "", {}, {}, RunUserList},
           {"remove", "remove a user", "USER", "", {}, {}, RunUserRemove},
           {"grant", "give roles to a user", "USER", "", Roles(), {}, RunUserGrant},
           {"revoke", "take roles from a user", "USER", "", Roles(), {}, RunUserRevoke},
           {"passwd", "change the password of a user", "USER", "", {}, {}, RunUserPassword}}};
}

Command RoleCommand() {
  return {"role",
          "add roles, change and remove them",
          "",
          "",
          {},
          {{"add", "add a role", "ROLE", "", {}, {}, RunRoleAdd},
           {"get", "show what a role may do", "ROLE", "", {}, {}, RunRoleGet},
           {"list", "list the roles", "", "", {}, {}, RunRoleList},
           {"remove", "remove a role", "ROLE", "", {}, {}, RunRoleRemove},
           {"grant", "let a role read or write keys", "ROLE", "", AccessFlags(), {}, RunRoleGrant},
           {"revoke", "let it no longer do so", "ROLE", "", AccessFlags(), {}, RunRoleRevoke}}};
}

Command AuthCommand() {
  return {"auth",
          "switch authentication on or off",
          "",
          "",
          {},
          {{"enable", "switch it on", "", "", {}, {}, RunEnable},
           {"disable", "switch it off", "", "", {}, {}, RunDisable}}};
}

}  // namespace ctl_v2
