#include "api/v2/accounts_api.h"

#include <algorithm>
#include <array>
#include <utility>

#include "api/v2/answers.h"
#include "base/json_string.h"
#include "proto/raft_internal.pb.h"

namespace v2 {
namespace {

constexpr char kInvalidJson[] = "Invalid JSON in request body.";

std::string QuotedName(std::string_view name) {
  std::string json;
  base::AppendOldJsonString(name, &json);
  return json;
}

bool IsEmpty(const std::optional<Patterns>& patterns) {
  return !patterns.has_value() || patterns->empty();
}

bool IsEmpty(const Names& names) {
  return !names.has_value() || names->empty();
}

// {"user":"u","roles":[{..}]}; the roles are left out if there are none.
std::string UserJson(const std::string& name, const std::vector<Role>& roles) {
  std::string json = R"({"user":)" + QuotedName(name);
  for (size_t i = 0; i < roles.size(); ++i) {
    json += i == 0 ? R"(,"roles":[)" : ",";
    json += ToJson(roles[i]);
  }
  if (!roles.empty()) json += ']';
  return json + "}";
}

}  // namespace

bool AccountsApi::Has(base::ByteView path) {
  const base::ByteView kind = path.substr(0, path.find('/'));
  return path == "enable" || kind == "users" || kind == "roles";
}

void AccountsApi::Serve(const CallRef& call, base::ByteView path) {
  if (path == "enable") return ServeEnable(call);
  const base::ByteView kind = path.substr(0, path.find('/'));
  std::string name(path.substr(std::min(kind.size() + 1, path.size())));
  if (name.ends_with('/')) name.pop_back();
  const bool is_users = kind == "users";
  if (name.empty()) {
    is_users ? ServeUsers(call) : ServeRoles(call);
  } else if (name.find('/') != std::string::npos) {
    SendMessage(*call, 400, JsonFields(), "Invalid path");
  } else {
    is_users ? ServeUser(call, name) : ServeRole(call, name);
  }
}

void AccountsApi::ForRoot(const CallRef& call, std::function<void()> then) {
  parts_.access->CheckRoot(call, [call, then = std::move(then)](bool may) {
    if (!may) return SendMessage(*call, 401, JsonFields(), "Insufficient credentials");
    then();
  });
}

void AccountsApi::ServeEnable(const CallRef& call) {
  if (call->method() == "GET") {
    const std::shared_ptr<const View> view = parts_.frontend->tree();
    return Send(call, 200, IsEnabled(*view) ? R"({"enabled":true})" : R"({"enabled":false})");
  }
  const bool is_known = call->method() == "PUT" || call->method() == "DELETE";
  if (!is_known) return SendMethods(*call, "GET,PUT,DELETE");
  ForRoot(call, [this, call] { SetEnabled(call, call->method() == "PUT"); });
}

void AccountsApi::SetEnabled(const CallRef& call, bool enabled) {
  WithView(call, [this, call, enabled](const View& view) {
    if (IsEnabled(view) == enabled) {
      return Refuse(call, 409, enabled ? "already enabled" : "already disabled");
    }
    const auto set = [this, call, enabled] {
      Put(call, "/enabled", enabled ? "true" : "false", true, [this, call](const Error& error) {
        error.code == Code::kNone ? Done(call) : Fail(call);
      });
    };
    if (!enabled) return set();
    if (!FindUser(view, kRootName).has_value()) {
      return Refuse(call, 409, "No root user available, please create one");
    }
    if (FindRole(view, kGuestName).has_value()) return set();
    const std::vector<std::string> all = {"/*"};
    const Role guest{.name = kGuestName, .patterns = {all, all}};
    Put(call, "/roles/" + guest.name, ToJson(guest), false, [set](const Error&) { set(); });
  });
}

void AccountsApi::ServeUsers(const CallRef& call) {
  if (call->method() != "GET") return SendMethods(*call, "GET");
  ForRoot(call, [this, call] {
    const std::shared_ptr<const View> view = parts_.frontend->tree();
    std::string json;
    for (const std::string& name : UserNames(*view)) {
      const std::optional<User> user = FindUser(*view, name);
      if (!user.has_value()) continue;
      std::vector<Role> roles;
      for (const std::string& each : user->roles.value_or(std::vector<std::string>())) {
        if (auto role = FindRole(*view, each)) roles.push_back(*std::move(role));
      }
      json += (json.empty() ? "[" : ",") + UserJson(name, roles);
    }
    Send(call, 200, R"({"users":)" + (json.empty() ? "null" : json + "]") + "}");
  });
}

void AccountsApi::ServeUser(const CallRef& call, const std::string& name) {
  const base::ByteView method = call->method();
  const bool is_known = method == "GET" || method == "PUT" || method == "DELETE";
  if (!is_known) return SendMethods(*call, "GET,PUT,DELETE");
  ForRoot(call, [this, call, name] {
    if (call->method() == "GET") return ShowUser(call, name);
    if (call->method() == "PUT") return PutUser(call, name);
    DeleteUser(call, name);
  });
}

void AccountsApi::ShowUser(const CallRef& call, const std::string& name) {
  const std::shared_ptr<const View> view = parts_.frontend->tree();
  const std::optional<User> user = FindUser(*view, name);
  if (!user.has_value()) return Refuse(call, 404, "User " + name + " does not exist.");
  std::vector<Role> roles;
  for (const std::string& each : user->roles.value_or(std::vector<std::string>())) {
    auto role = FindRole(*view, each);
    if (!role.has_value()) return Refuse(call, 404, "Role " + each + " does not exist.");
    roles.push_back(*std::move(role));
  }
  Send(call, 200, UserJson(name, roles));
}

void AccountsApi::PutUser(const CallRef& call, const std::string& name) {
  const std::optional<User> request = ParseUser(call->body());
  if (!request.has_value()) return RefuseBody(call, kInvalidJson);
  if (request->name != name) {
    return RefuseBody(call, "User JSON name does not match the name in the URL");
  }
  const bool changes = !IsEmpty(request->grant) || !IsEmpty(request->revoke);
  if (changes && !IsEmpty(request->roles)) {
    return RefuseBody(call, "User JSON contains both roles and grant/revoke");
  }
  WithView(call, [this, call, changes, user = *request](const View& view) {
    const bool is_there = FindUser(view, user.name).has_value();
    if (changes && !is_there) return Refuse(call, 404, "User " + user.name + " does not exist.");
    if (changes || (is_there && IsEmpty(user.roles))) return UpdateUser(call, user);
    CreateUser(call, user, IsEmpty(user.roles) ? 201 : 200);
  });
}

void AccountsApi::CreateUser(const CallRef& call, User user, int status) {
  if (user.password.empty()) {
    return Refuse(call, 400, "Cannot create user " + user.name + " with an empty password");
  }
  user = WithRootRole(std::move(user));
  Hash(call, user.password, [this, call, user, status](const std::string& hash) {
    User hashed = user;
    hashed.password = hash;
    MakeDirectories(call, 0,
                    [this, call, hashed, status] { SaveUser(call, hashed, false, status); });
  });
}

void AccountsApi::UpdateUser(const CallRef& call, const User& request) {
  Hash(call, request.password, [this, call, request](const std::string& hash) {
    WithView(call, [this, call, request, hash](const View& view) {
      const std::optional<User> old = FindUser(view, request.name);
      if (!old.has_value()) return Refuse(call, 404, "User " + request.name + " does not exist.");
      const base::Result<User> merged = Merge(*old, request, hash);
      if (!merged.ok()) return Refuse(call, merged.status());
      SaveUser(call, *merged, true, 200);
    });
  });
}

void AccountsApi::SaveUser(const CallRef& call, const User& user, bool exists, int status) {
  Put(call, "/users/" + user.name, ToJson(user), exists,
      [this, call, user, status](const Error& error) {
        if (error.code == Code::kNodeExists) {
          return Refuse(call, 409, "User " + user.name + " already exists.");
        }
        if (error.code != Code::kNone) return Fail(call);
        User shown = user;
        shown.password = {};
        Send(call, status, ToJson(shown));
      });
}

void AccountsApi::DeleteUser(const CallRef& call, const std::string& name) {
  if (name == kRootName && IsEnabled(*parts_.frontend->tree())) {
    return Refuse(call, 403, "Cannot delete root user while auth is enabled.");
  }
  Delete(call, "/users/" + name, "User " + name + " does not exist");
}

void AccountsApi::ServeRoles(const CallRef& call) {
  if (call->method() != "GET") return SendMethods(*call, "GET");
  ForRoot(call, [this, call] {
    const std::shared_ptr<const View> view = parts_.frontend->tree();
    std::string json = R"({"roles":[)";
    for (const std::string& name : RoleNames(*view)) {
      const std::optional<Role> role = FindRole(*view, name);
      if (!role.has_value()) continue;
      if (json.back() != '[') json += ',';
      json += ToJson(*role);
    }
    Send(call, 200, json + "]}");
  });
}

void AccountsApi::ServeRole(const CallRef& call, const std::string& name) {
  const base::ByteView method = call->method();
  const bool is_known = method == "GET" || method == "PUT" || method == "DELETE";
  if (!is_known) return SendMethods(*call, "GET,PUT,DELETE");
  ForRoot(call, [this, call, name] {
    if (call->method() == "PUT") return PutRole(call, name);
    if (call->method() == "DELETE") return DeleteRole(call, name);
    const std::optional<Role> role = FindRole(*parts_.frontend->tree(), name);
    if (!role.has_value()) return Refuse(call, 404, "Role " + name + " does not exist.");
    Send(call, 200, ToJson(*role));
  });
}

void AccountsApi::PutRole(const CallRef& call, const std::string& name) {
  const std::optional<Role> request = ParseRole(call->body());
  if (!request.has_value()) return RefuseBody(call, kInvalidJson);
  if (request->name != name) {
    return RefuseBody(call, "Role JSON name does not match the name in the URL");
  }
  const bool changes = !IsEmpty(request->grant) || !IsEmpty(request->revoke);
  if (changes && !request->patterns.empty()) {
    return RefuseBody(call, "Role JSON contains both permissions and grant/revoke");
  }
  if (name == kRootName) return Refuse(call, 403, "Cannot modify role root: is root role.");
  changes ? UpdateRole(call, *request) : CreateRole(call, *request);
}

void AccountsApi::CreateRole(const CallRef& call, const Role& role) {
  MakeDirectories(call, 0, [this, call, role] {
    Put(call, "/roles/" + role.name, ToJson(role), false, [this, call, role](const Error& error) {
      if (error.code == Code::kNone) return Send(call, 201, ToJson(role));
      if (error.code != Code::kNodeExists) return Fail(call);
      Refuse(call, 409, "Role " + role.name + " already exists.");
    });
  });
}

void AccountsApi::UpdateRole(const CallRef& call, const Role& request) {
  WithView(call, [this, call, request](const View& view) {
    const std::optional<Role> old = FindRole(view, request.name);
    if (!old.has_value()) return Refuse(call, 404, "Role " + request.name + " does not exist.");
    const base::Result<Role> merged = Merge(*old, request);
    if (!merged.ok()) return Refuse(call, merged.status());
    const std::string json = ToJson(*merged);
    Put(call, "/roles/" + request.name, json, true, [this, call, json](const Error& error) {
      error.code == Code::kNone ? Send(call, 200, json) : Fail(call);
    });
  });
}

void AccountsApi::DeleteRole(const CallRef& call, const std::string& name) {
  if (name == kRootName) return Refuse(call, 403, "Cannot modify role root: is root role.");
  Delete(call, "/roles/" + name, "Role " + name + " doesn't exist.");
}

void AccountsApi::WithView(const CallRef& call, OnView then) {
  parts_.frontend->ReadIndex(
      [this, call, then = std::move(then)](const base::Status& status) {
        if (!call->is_open()) return;
        if (!status.ok()) return Fail(call);
        const std::shared_ptr<const View> view = parts_.frontend->tree();
        then(*view);
      },
      call->connection().number);
}

void AccountsApi::Hash(const CallRef& call, const std::string& password,
                       std::function<void(const std::string& hash)> then) {
  if (password.empty()) return then("");
  parts_.passwords->Hash(password, &parts_.frontend->loop(),
                         [this, call, then = std::move(then)](const auto& hash) {
                           if (!call->is_open()) return;
                           hash.ok() ? then(*hash) : Fail(call);
                         });
}

void AccountsApi::MakeDirectories(const CallRef& call, size_t step, std::function<void()> then) {
  static constexpr std::array<const char*, 3> kDirectories = {"", "/users", "/roles"};
  if (step == 0 && HasDirectories(*parts_.frontend->tree())) return then();
  const bool is_last = step == kDirectories.size();
  const auto next = [this, call, step, is_last, then = std::move(then)](const Error& error) {
    const bool is_there = error.code == Code::kNone || error.code == Code::kNodeExists;
    if (!is_there) return Fail(call);
    is_last ? then() : MakeDirectories(call, step + 1, then);
  };
  if (is_last) return Put(call, "/enabled", "false", false, next);
  v2pb::Request request;
  request.set_method(v2pb::Request::PUT);
  request.set_path(std::string(kAuth) + kDirectories[step]);
  request.set_dir(true);
  request.set_prev_exist(false);
  Propose(call, std::move(request), next);
}

void AccountsApi::Put(const CallRef& call, const std::string& path, const std::string& value,
                      bool exists, OnChanged then) {
  v2pb::Request request;
  request.set_method(v2pb::Request::PUT);
  request.set_path(std::string(kAuth) + path);
  request.set_value(value);
  request.set_prev_exist(exists);
  Propose(call, std::move(request), std::move(then));
}

// Compat: the directories are made even if there is nothing to delete, and count in the index.
void AccountsApi::Delete(const CallRef& call, const std::string& path, const std::string& missing) {
  MakeDirectories(call, 0, [this, call, path, missing] {
    v2pb::Request request;
    request.set_method(v2pb::Request::DELETE);
    request.set_path(std::string(kAuth) + path);
    Propose(call, std::move(request), [this, call, missing](const Error& error) {
      if (error.code == Code::kNone) return Done(call);
      if (error.code != Code::kKeyNotFound) return Fail(call);
      Refuse(call, 404, missing);
    });
  });
}

void AccountsApi::Propose(const CallRef& call, v2pb::Request request, OnChanged then) {
  request.set_time(parts_.frontend->loop().clock().WallNow().unix_nanos);
  parts_.frontend->Propose(etcdserverpb::InternalRaftRequest::kV2FieldNumber,
                           request.SerializeAsString(),
                           [this, call, then = std::move(then)](const apply::Reply& reply) {
                             if (!call->is_open()) return;
                             reply.status.ok() ? then(reply.v2->error) : Fail(call);
                           });
}

void AccountsApi::Send(const CallRef& call, int status, const std::string& json) const {
  call->Send(status, JsonFields(parts_.server->cluster()), json + "\n");
}

void AccountsApi::Done(const CallRef& call) const {
  call->Send(200, JsonFields(parts_.server->cluster()), "");
}

void AccountsApi::Refuse(const CallRef& call, int status, const std::string& text) const {
  SendMessage(*call, status, JsonFields(parts_.server->cluster()), "auth: " + text);
}

void AccountsApi::Refuse(const CallRef& call, const base::Status& status) const {
  Refuse(call, status.code() == base::Code::kAlreadyExists ? 409 : 400,
         std::string(status.message()));
}

void AccountsApi::RefuseBody(const CallRef& call, const std::string& text) const {
  SendMessage(*call, 400, JsonFields(parts_.server->cluster()), text);
}

void AccountsApi::Fail(const CallRef& call) const {
  SendMessage(*call, 500, JsonFields(parts_.server->cluster()), "Internal Server Error");
}

}  // namespace v2
