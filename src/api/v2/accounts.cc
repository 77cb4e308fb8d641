#include "api/v2/accounts.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "base/json_string.h"
#include "state/v2/tree.h"

namespace v2 {
namespace {

using Json = nlohmann::json;

constexpr char kAll[] = "/*";

const Node* FindBelowAuth(const View& view, std::initializer_list<std::string_view> elements) {
  static const std::vector<std::string_view> kAuthElements = Elements(kAuth);
  const Node* node = view.root.get();
  const auto descend = [&node](const auto& path) {
    for (const std::string_view element : path) {
      if (node != nullptr) node = node->is_directory() ? FindChild(*node, element) : nullptr;
    }
  };
  descend(kAuthElements);
  descend(elements);
  return node;
}

std::vector<std::string> NamesBelowAuth(const View& view, std::string_view directory) {
  std::vector<std::string> names;
  const Node* const node = FindBelowAuth(view, {directory});
  if (node == nullptr || !node->is_directory()) return names;
  Children children(*node);
  while (const Node* const child = children.Next()) {
    if (!child->is_hidden()) names.emplace_back(child->name());
  }
  return names;
}

std::optional<Json> ParseObject(base::ByteView text) {
  Json json = Json::parse(text, nullptr, false);
  if (json.is_null()) return Json::object();
  if (json.is_discarded() || !json.is_object()) return std::nullopt;
  return json;
}

// Each is false for a field of another type. One that is not there, or null, leaves the value.
bool Take(const Json& json, const char* name, std::string* value) {
  const auto at = json.find(name);
  if (at == json.end() || at->is_null()) return true;
  if (!at->is_string()) return false;
  *value = at->get<std::string>();
  return true;
}

bool Take(const Json& json, const char* name, Names* value) {
  const auto at = json.find(name);
  if (at == json.end() || at->is_null()) return true;
  if (!at->is_array()) return false;
  value->emplace();
  for (const Json& each : *at) {
    if (!each.is_string()) return false;
    (*value)->push_back(each.get<std::string>());
  }
  return true;
}

bool Take(const Json& json, const char* name, std::optional<Patterns>* value) {
  const auto at = json.find(name);
  if (at == json.end() || at->is_null()) return true;
  if (!at->is_object()) return false;
  value->emplace();
  const auto kv = at->find("kv");
  if (kv == at->end() || kv->is_null()) return true;
  return kv->is_object() && Take(*kv, "read", &(*value)->read) &&
         Take(*kv, "write", &(*value)->write);
}

void AppendNames(const Names& names, std::string* json) {
  if (!names.has_value()) {
    json->append("null");
    return;
  }
  json->push_back('[');
  for (const std::string& name : *names) {
    if (json->back() != '[') json->push_back(',');
    base::AppendOldJsonString(name, json);
  }
  json->push_back(']');
}

void AppendPatterns(const char* field, const Patterns& patterns, std::string* json) {
  json->append(field).append(R"({"kv":{"read":)");
  AppendNames(patterns.read, json);
  json->append(R"(,"write":)");
  AppendNames(patterns.write, json);
  json->append("}}");
}

bool Matches(std::string_view pattern, std::string_view key, bool recursive) {
  if (!pattern.ends_with('*')) return !recursive && key == pattern;
  pattern.remove_suffix(1);
  return key.starts_with(pattern);
}

base::Status Conflict(std::string text) {
  return {base::Code::kAlreadyExists, std::move(text)};
}

Names Sorted(const std::set<std::string>& names) {
  return std::vector<std::string>(names.begin(), names.end());
}

std::set<std::string> SetOf(const Names& names) {
  if (!names.has_value()) return {};
  return {names->begin(), names->end()};
}

base::Status Grant(const char* right, const Names& granted, Names* patterns) {
  std::set<std::string> all = SetOf(*patterns);
  for (const std::string& each : granted.value_or(std::vector<std::string>())) {
    if (!all.insert(each).second) {
      return Conflict(std::string("Granting duplicate ") + right + " permission " + each);
    }
  }
  *patterns = Sorted(all);
  return {};
}

void Revoke(const Names& revoked, Names* patterns) {
  std::set<std::string> all = SetOf(*patterns);
  for (const std::string& each : revoked.value_or(std::vector<std::string>())) all.erase(each);
  *patterns = Sorted(all);
}

}  // namespace

bool Role::MayUse(std::string_view key, bool writes, bool recursive) const {
  if (name == kRootName) return true;
  const Names& all = writes ? patterns.write : patterns.read;
  return all.has_value() && std::any_of(all->begin(), all->end(), [&](const auto& pattern) {
           return Matches(pattern, key, recursive);
         });
}

std::optional<Role> ParseRole(base::ByteView text) {
  const std::optional<Json> json = ParseObject(text);
  if (!json.has_value()) return std::nullopt;
  Role role;
  std::optional<Patterns> patterns;
  const bool is_one = Take(*json, "role", &role.name) && Take(*json, "permissions", &patterns) &&
                      Take(*json, "grant", &role.grant) && Take(*json, "revoke", &role.revoke);
  if (!is_one) return std::nullopt;
  role.patterns = patterns.value_or(Patterns());
  return role;
}

std::optional<User> ParseUser(base::ByteView text) {
  const std::optional<Json> json = ParseObject(text);
  if (!json.has_value()) return std::nullopt;
  User user;
  const bool is_one = Take(*json, "user", &user.name) && Take(*json, "password", &user.password) &&
                      Take(*json, "roles", &user.roles) && Take(*json, "grant", &user.grant) &&
                      Take(*json, "revoke", &user.revoke);
  return is_one ? std::optional(std::move(user)) : std::nullopt;
}

std::string ToJson(const Role& role) {
  std::string json = R"({"role":)";
  base::AppendOldJsonString(role.name, &json);
  AppendPatterns(R"(,"permissions":)", role.patterns, &json);
  if (role.grant.has_value()) AppendPatterns(R"(,"grant":)", *role.grant, &json);
  if (role.revoke.has_value()) AppendPatterns(R"(,"revoke":)", *role.revoke, &json);
  return json + "}";
}

std::string ToJson(const User& user) {
  std::string json = R"({"user":)";
  base::AppendOldJsonString(user.name, &json);
  if (!user.password.empty()) {
    json += R"(,"password":)";
    base::AppendOldJsonString(user.password, &json);
  }
  json += R"(,"roles":)";
  AppendNames(user.roles, &json);
  return json + "}";
}

User WithRootRole(User user) {
  if (user.name != kRootName) return user;
  if (!user.roles.has_value()) user.roles.emplace();
  const bool has_it =
      std::find(user.roles->begin(), user.roles->end(), kRootName) != user.roles->end();
  if (!has_it) user.roles->emplace_back(kRootName);
  return user;
}

bool IsEnabled(const View& view) {
  const Node* const node = FindBelowAuth(view, {"enabled"});
  return node != nullptr && node->value() == "true";
}

bool HasDirectories(const View& view) {
  return FindBelowAuth(view, {"enabled"}) != nullptr;
}

std::optional<Role> FindRole(const View& view, std::string_view name) {
  if (name == kRootName) {
    const std::vector<std::string> all = {kAll};
    return Role{.name = kRootName, .patterns = {all, all}};
  }
  const Node* const node = FindBelowAuth(view, {"roles", name});
  return node == nullptr ? std::nullopt : ParseRole(node->value());
}

std::optional<User> FindUser(const View& view, std::string_view name) {
  const Node* const node = FindBelowAuth(view, {"users", name});
  std::optional<User> user = node == nullptr ? std::nullopt : ParseUser(node->value());
  if (user.has_value()) user = WithRootRole(*std::move(user));
  return user;
}

std::vector<std::string> RoleNames(const View& view) {
  std::vector<std::string> names = NamesBelowAuth(view, "roles");
  names.insert(std::upper_bound(names.begin(), names.end(), kRootName), kRootName);
  return names;
}

std::vector<std::string> UserNames(const View& view) {
  return NamesBelowAuth(view, "users");
}

base::Result<Role> Merge(const Role& old, const Role& request) {
  Role merged{.name = old.name, .patterns = old.patterns};
  if (request.grant.has_value()) {
    RETURN_IF_ERROR(Grant("read", request.grant->read, &merged.patterns.read));
    RETURN_IF_ERROR(Grant("write", request.grant->write, &merged.patterns.write));
  }
  if (request.revoke.has_value()) {
    Revoke(request.revoke->read, &merged.patterns.read);
    Revoke(request.revoke->write, &merged.patterns.write);
  }
  const bool is_same = merged.patterns.read == old.patterns.read &&
                       merged.patterns.write == old.patterns.write && !old.grant.has_value() &&
                       !old.revoke.has_value();
  if (!is_same) return merged;
  return base::Status(base::Code::kInvalidArgument,
                      "Role not updated. Use grant/revoke to update the role.");
}

base::Result<User> Merge(const User& old, const User& request, const std::string& password) {
  std::set<std::string> roles = SetOf(old.roles);
  for (const std::string& role : request.grant.value_or(std::vector<std::string>())) {
    if (roles.insert(role).second) continue;
    return Conflict("Granting duplicate role " + role + " for user " + request.name);
  }
  for (const std::string& role : request.revoke.value_or(std::vector<std::string>())) {
    if (roles.erase(role) == 1) continue;
    return Conflict("Revoking ungranted role " + role + " for user " + request.name);
  }
  User merged{.name = old.name,
              .password = password.empty() ? old.password : password,
              .roles = Sorted(roles)};
  if (!password.empty() || merged.roles != old.roles) return merged;
  return base::Status(base::Code::kInvalidArgument,
                      "User not updated. Use grant/revoke/password to update the user.");
}

}  // namespace v2
