#include "state/members/member.h"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <nlohmann/json.hpp>

#include "base/bytes.h"
#include "base/check.h"

namespace members {
namespace {

using Json = nlohmann::ordered_json;

uint64_t Sha1Head(std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
  unsigned size = 0;
  CHECK(EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_sha1(), nullptr) == 1);
  return base::Load64Be(digest.data());
}

Json Object(const Member& member) {
  Json json = {{"id", member.id.value()}, {"peerURLs", member.peer_urls}};
  if (member.is_learner) json["isLearner"] = true;
  if (!member.name.empty()) json["name"] = member.name;
  if (!member.client_urls.empty()) json["clientURLs"] = member.client_urls;
  return json;
}

Json Object(const ChangeContext& context) {
  Json json = Object(context.member);
  if (context.is_promote) json["isPromote"] = true;
  if (context.successor != base::MemberId()) json["successor"] = context.successor.value();
  return json;
}

std::string Text(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

base::Status Malformed(std::string_view text) {
  return {base::Code::kDataLoss, "member: not a member: " + std::string(text.substr(0, 200))};
}

std::vector<std::string> Strings(const Json& json, const char* name) {
  const auto found = json.find(name);
  if (found == json.end() || found->is_null()) return {};
  return found->get<std::vector<std::string>>();
}

Member MemberOf(const Json& json) {
  return {.id = base::MemberId(json.at("id").get_ref<const Json::number_unsigned_t&>()),
          .peer_urls = Strings(json, "peerURLs"),
          .is_learner = json.value("isLearner", false),
          .name = json.value("name", ""),
          .client_urls = Strings(json, "clientURLs")};
}

ChangeContext ContextOf(const Json& json) {
  ChangeContext context{MemberOf(json), json.value("isPromote", false)};
  const auto successor = json.find("successor");
  if (successor != json.end()) {
    context.successor = base::MemberId(successor->get_ref<const Json::number_unsigned_t&>());
  }
  return context;
}

}  // namespace

base::MemberId InitialMemberId(std::vector<std::string> peer_urls, std::string_view token) {
  std::sort(peer_urls.begin(), peer_urls.end());
  std::string text;
  for (const std::string& url : peer_urls) text += url;
  text += token;
  return base::MemberId(Sha1Head(text));
}

base::MemberId AddedMemberId(std::vector<std::string> peer_urls, int64_t unix_seconds) {
  return InitialMemberId(std::move(peer_urls), std::to_string(unix_seconds));
}

base::ClusterId InitialClusterId(std::vector<base::MemberId> members) {
  std::sort(members.begin(), members.end());
  std::string bytes(members.size() * sizeof(uint64_t), '\0');
  for (size_t i = 0; i < members.size(); ++i) {
    base::Store64Be(bytes.data() + i * sizeof(uint64_t), members[i].value());
  }
  return base::ClusterId(Sha1Head(bytes));
}

std::string HexText(uint64_t id) {
  std::array<char, 16> text;
  const auto [end, error] = std::to_chars(text.data(), text.data() + text.size(), id, 16);
  CHECK(error == std::errc());
  return {text.data(), end};
}

std::string ToJson(const Member& member) {
  return Text(Object(member));
}

std::string ToJson(std::span<const Member> members) {
  Json json = Json::array();
  for (const Member& member : members) json.push_back(Object(member));
  return Text(json);
}

base::Result<std::vector<Member>> MembersFromJson(std::string_view text) {
  std::vector<Member> members;
  try {
    const Json json = Json::parse(text);
    if (!json.is_array()) return Malformed(text);
    for (const Json& each : json) members.push_back(MemberOf(each));
  } catch (const Json::exception&) {
    return Malformed(text);
  }
  std::sort(members.begin(), members.end(),
            [](const Member& a, const Member& b) { return a.id < b.id; });
  return members;
}

std::string ToJson(const ChangeContext& context) {
  return Text(Object(context));
}

std::string ToJson(std::span<const ChangeContext> contexts) {
  Json json = Json::array();
  for (const ChangeContext& context : contexts) json.push_back(Object(context));
  return Text(json);
}

base::Result<ChangeContext> ChangeContextFromJson(std::string_view text) {
  try {
    return ContextOf(Json::parse(text));
  } catch (const Json::exception&) {
    return Malformed(text);
  }
}

base::Result<std::vector<ChangeContext>> ChangeContextsFromJson(std::string_view text,
                                                                size_t count) {
  try {
    Json json = Json::parse(text);
    if (!json.is_array()) json = Json::array({std::move(json)});
    if (json.size() != count) return Malformed(text);
    std::vector<ChangeContext> contexts;
    for (const Json& each : json) contexts.push_back(ContextOf(each));
    return contexts;
  } catch (const Json::exception&) {
    return Malformed(text);
  }
}

base::Result<Member> FromJson(std::string_view text) {
  ASSIGN_OR_RETURN(ChangeContext context, ChangeContextFromJson(text));
  return std::move(context.member);
}

}  // namespace members
