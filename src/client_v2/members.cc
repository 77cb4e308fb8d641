#include "client_v2/members.h"

#include "base/go_text.h"
#include "base/json_string.h"
#include "base/url_path.h"
#include "client_v2/answers.h"
#include "client_v2/json_value.h"
#include "config/url.h"

namespace client_v2 {
namespace {

constexpr const char* kJsonType = "application/json";

Member MemberOf(const JsonValue& object) {
  return {object.TextOf("id"), object.TextOf("name"), object.TextsOf("peerURLs"),
          object.TextsOf("clientURLs")};
}

// Of URLs joined by commas.
base::Result<std::string> PeerUrlsJson(const std::string& urls) {
  ASSIGN_OR_RETURN(const std::vector<config::Url> parsed, config::ParseUrls(urls));
  std::vector<std::string> texts;
  for (const config::Url& url : parsed) texts.push_back(base::JsonString(url.ToString()));
  return "{\"peerURLs\":[" + base::Join(texts, ",") + "]}";
}

std::string PathOf(const std::string& id) {
  std::string path = base::CanonicalPath(std::string(kMembersPath) + "/" + id);
  while (path.ends_with('/')) path.pop_back();
  return path;
}

}  // namespace

std::optional<Failure> ListMembers(Cluster& cluster, const Deadline& deadline,
                                   std::vector<Member>* members) {
  Reply reply;
  auto failure = cluster.Ask({.method = "GET", .path = kMembersPath}, deadline, &reply);
  if (failure.has_value()) return failure;
  if (reply.status != 200) return UnexpectedStatus(reply);
  const JsonValue answer(reply.body);
  if (!answer.is_object()) return Failure{.text = kInvalidJson};
  for (const JsonValue& each : answer.ListOf("members")) members->push_back(MemberOf(each));
  return std::nullopt;
}

std::optional<Failure> FindLeader(Cluster& cluster, const Deadline& deadline, Member* leader) {
  Reply reply;
  auto failure = cluster.Ask({.method = "GET", .path = std::string(kMembersPath) + "/leader"},
                             deadline, &reply);
  if (failure.has_value()) return failure;
  if (reply.status != 200) return UnexpectedStatus(reply);
  const JsonValue answer(reply.body);
  if (!answer.is_object()) return Failure{.text = kInvalidJson};
  *leader = MemberOf(answer);
  return std::nullopt;
}

std::optional<Failure> AddMember(Cluster& cluster, const Deadline& deadline,
                                 const std::string& peer_url, Member* member) {
  const auto body = PeerUrlsJson(peer_url);
  if (!body.ok()) return Failure{.text = std::string(body.status().message())};
  Reply reply;
  auto failure = cluster.Ask(
      {.method = "POST", .path = kMembersPath, .body = *body, .content_type = kJsonType}, deadline,
      &reply);
  if (failure.has_value()) return failure;
  if (reply.status == 409) return RefusalOf(reply);
  if (reply.status != 201) return UnexpectedStatus(reply);
  const JsonValue answer(reply.body);
  if (!answer.is_object()) return Failure{.text = kInvalidJson};
  *member = MemberOf(answer);
  return std::nullopt;
}

std::optional<Failure> RemoveMember(Cluster& cluster, const Deadline& deadline,
                                    const std::string& id) {
  Reply reply;
  auto failure = cluster.Ask({.method = "DELETE", .path = PathOf(id)}, deadline, &reply);
  if (failure.has_value()) return failure;
  if (reply.status != 204 && reply.status != 410) return UnexpectedStatus(reply);
  return std::nullopt;
}

std::optional<Failure> UpdateMember(Cluster& cluster, const Deadline& deadline,
                                    const std::string& id, const std::string& peer_urls) {
  const auto body = PeerUrlsJson(peer_urls);
  if (!body.ok()) return Failure{.text = std::string(body.status().message())};
  Reply reply;
  auto failure =
      cluster.Ask({.method = "PUT", .path = PathOf(id), .body = *body, .content_type = kJsonType},
                  deadline, &reply);
  if (failure.has_value()) return failure;
  if (reply.status == 404 || reply.status == 409) return RefusalOf(reply);
  if (reply.status != 204) return UnexpectedStatus(reply);
  return std::nullopt;
}

}  // namespace client_v2
