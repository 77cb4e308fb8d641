#include "client_v2/accounts.h"

#include "base/go_text.h"
#include "base/json_string.h"
#include "base/url_path.h"
#include "client_v2/answers.h"
#include "client_v2/json_value.h"

namespace client_v2 {
namespace {

constexpr const char* kUsers = "users";
constexpr const char* kRoles = "roles";

// null for an empty one, as Go writes it.
std::string ListJson(const std::vector<std::string>& texts) {
  if (texts.empty()) return "null";
  std::vector<std::string> each;
  for (const std::string& text : texts) each.push_back(base::JsonString(text));
  return "[" + base::Join(each, ",") + "]";
}

std::string AccessJson(const std::vector<std::string>& reads,
                       const std::vector<std::string>& writes) {
  return "{\"kv\":{\"read\":" + ListJson(reads) + ",\"write\":" + ListJson(writes) + "}}";
}

const char* NameOf(Change change) {
  return change == Change::kGrant ? "grant" : "revoke";
}

std::string Below(const char* folder, const std::string& name) {
  return std::string(folder) + "/" + name;
}

Role RoleOf(const JsonValue& object) {
  const JsonValue keys = object.At("permissions").At("kv");
  return {object.TextOf("role"), keys.TextsOf("read"), keys.TextsOf("write")};
}

// Of all objects of a list, the text of that name.
std::vector<std::string> NamesIn(const JsonValue& answer, const char* list, const char* name) {
  std::vector<std::string> names;
  for (const JsonValue& object : answer.ListOf(list)) names.push_back(object.TextOf(name));
  return names;
}

}  // namespace

std::optional<Failure> Accounts::Ask(const std::string& method, const std::string& path,
                                     const std::optional<std::string>& body, Reply* reply) {
  std::string clean = base::CanonicalPath("/v2/auth/" + path);
  while (clean.ends_with('/')) clean.pop_back();
  Request request{.method = method, .path = std::move(clean), .body = body};
  if (body.has_value()) request.content_type = "application/json";
  return cluster_->Ask(request, deadline_, reply);
}

std::optional<Failure> Accounts::Enable(bool is_on) {
  Reply reply;
  auto failure = Ask(is_on ? "PUT" : "DELETE", "enable", std::nullopt, &reply);
  if (failure.has_value()) return failure;
  if (reply.status != 200 && reply.status != 201) return RefusalOf(reply);
  return std::nullopt;
}

std::optional<Failure> Accounts::ListUsers(std::vector<std::string>* names) {
  Reply reply;
  auto failure = Ask("GET", kUsers, std::nullopt, &reply);
  if (failure.has_value()) return failure;
  if (reply.status != 200) return RefusalOf(reply);
  const JsonValue answer(reply.body);
  if (!answer.is_object()) return Failure{.text = kInvalidJson};
  *names = NamesIn(answer, kUsers, "user");
  return std::nullopt;
}

std::optional<Failure> Accounts::GetUser(const std::string& name, User* user) {
  Reply reply;
  auto failure = Ask("GET", Below(kUsers, name), std::nullopt, &reply);
  if (failure.has_value()) return failure;
  if (reply.status != 200) return RefusalOf(reply);
  const JsonValue answer(reply.body);
  if (!answer.is_object()) return Failure{.text = kInvalidJson};
  *user = {answer.TextOf("user"), NamesIn(answer, kRoles, "role")};
  return std::nullopt;
}

std::optional<Failure> Accounts::PutUser(const std::string& name, const std::string& password) {
  std::string body = "{\"user\":" + base::JsonString(name);
  if (!password.empty()) body += ",\"password\":" + base::JsonString(password);
  Reply reply;
  auto failure = Ask("PUT", Below(kUsers, name), body + ",\"roles\":null}", &reply);
  if (failure.has_value()) return failure;
  if (reply.status != 200 && reply.status != 201) return RefusalOf(reply);
  return std::nullopt;
}

std::optional<Failure> Accounts::RemoveUser(const std::string& name) {
  Reply reply;
  auto failure = Ask("DELETE", Below(kUsers, name), std::nullopt, &reply);
  if (failure.has_value()) return failure;
  if (reply.status != 200) return RefusalOf(reply);
  return std::nullopt;
}

std::optional<Failure> Accounts::ChangeRoles(const std::string& user, Change change,
                                             const std::vector<std::string>& roles) {
  const std::string body = "{\"user\":" + base::JsonString(user) + ",\"roles\":null,\"" +
                           NameOf(change) + "\":" + ListJson(roles) + "}";
  Reply reply;
  auto failure = Ask("PUT", Below(kUsers, user), body, &reply);
  if (failure.has_value()) return failure;
  if (reply.status != 200) return RefusalOf(reply);
  return std::nullopt;
}

std::optional<Failure> Accounts::ListRoles(std::vector<std::string>* names) {
  Reply reply;
  auto failure = Ask("GET", kRoles, std::nullopt, &reply);
  if (failure.has_value()) return failure;
  if (reply.status != 200) return UnexpectedStatus(reply);
  const JsonValue answer(reply.body);
  if (!answer.is_object()) return Failure{.text = kInvalidJson};
  *names = NamesIn(answer, kRoles, "role");
  return std::nullopt;
}

std::optional<Failure> Accounts::GetRole(const std::string& name, Role* role) {
  Reply reply;
  auto failure = Ask("GET", Below(kRoles, name), std::nullopt, &reply);
  if (failure.has_value()) return failure;
  if (reply.status != 200) return RefusalOf(reply);
  const JsonValue answer(reply.body);
  if (!answer.is_object()) return Failure{.text = kInvalidJson};
  *role = RoleOf(answer);
  return std::nullopt;
}

std::optional<Failure> Accounts::AddRole(const std::string& name) {
  const std::string body =
      "{\"role\":" + base::JsonString(name) + ",\"permissions\":" + AccessJson({}, {}) + "}";
  Reply reply;
  auto failure = Ask("PUT", Below(kRoles, name), body, &reply);
  if (failure.has_value()) return failure;
  if (reply.status != 200 && reply.status != 201) return RefusalOf(reply);
  return std::nullopt;
}

std::optional<Failure> Accounts::RemoveRole(const std::string& name) {
  Reply reply;
  auto failure = Ask("DELETE", Below(kRoles, name), std::nullopt, &reply);
  if (failure.has_value()) return failure;
  if (reply.status != 200 && reply.status != 201) return RefusalOf(reply);
  return std::nullopt;
}

std::optional<Failure> Accounts::ChangeAccess(const std::string& role, Change change,
                                              const Access& access, Role* now) {
  const std::vector<std::string> path = {access.path};
  const std::vector<std::string> none;
  const std::string body =
      "{\"role\":" + base::JsonString(role) + ",\"permissions\":" + AccessJson({}, {}) + ",\"" +
      NameOf(change) + "\":" + AccessJson(access.read ? path : none, access.write ? path : none) +
      "}";
  Reply reply;
  auto failure = Ask("PUT", Below(kRoles, role), body, &reply);
  if (failure.has_value()) return failure;
  if (reply.status != 200) return RefusalOf(reply);
  const JsonValue answer(reply.body);
  if (!answer.is_object()) return Failure{.text = kInvalidJson};
  *now = RoleOf(answer);
  return std::nullopt;
}

}  // namespace client_v2
