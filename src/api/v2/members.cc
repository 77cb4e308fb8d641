#include "api/v2/members.h"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>
#include <utility>

#include "api/v2/answers.h"
#include "base/errors.h"
#include "base/json_string.h"
#include "config/url.h"

namespace v2 {
namespace {

constexpr int64_t kSecond = 1'000'000'000;
constexpr base::ByteView kJsonType = "application/json";

void AppendTexts(const std::vector<std::string>& texts, std::string* json) {
  json->push_back('[');
  for (const std::string& text : texts) {
    if (json->back() != '[') json->push_back(',');
    base::AppendOldJsonString(text, json);
  }
  json->push_back(']');
}

std::string MemberJson(const members::Member& member) {
  std::string json = R"({"id":")" + members::HexText(member.id.value()) + R"(","name":)";
  base::AppendOldJsonString(member.name, &json);
  json += R"(,"peerURLs":)";
  AppendTexts(member.peer_urls, &json);
  json += R"(,"clientURLs":)";
  AppendTexts(member.client_urls, &json);
  return json + "}";
}

bool IsJson(base::ByteView type) {
  return type.substr(0, type.find(';')) == kJsonType;
}

// What is wrong with a body that is no JSON, as Go says it of the usual ones.
std::string JsonProblem(base::ByteView body) {
  const size_t begin = body.find_first_not_of(" \t\r\n");
  if (begin == base::ByteView::npos) return "unexpected end of JSON input";
  const char first = body[begin];
  const bool may_be_one = base::ByteView("{[\"-0123456789tfn").find(first) != base::ByteView::npos;
  if (may_be_one) return "unexpected end of JSON input";
  return std::string("invalid character '") + first + "' looking for beginning of value";
}

// The URLs, as they are kept; or what is wrong with them.
base::Result<std::vector<std::string>> ParseUrls(base::ByteView body) {
  const auto wrong = [](std::string what) {
    return base::Status(base::Code::kInvalidArgument, std::move(what));
  };
  const auto json = nlohmann::json::parse(body, nullptr, false);
  if (json.is_discarded()) return wrong(JsonProblem(body));
  if (!json.is_object()) {
    return wrong("json: cannot unmarshal " + std::string(json.type_name()) +
                 R"( into Go value of type struct { PeerURLs []string "json:\"peerURLs\"" })");
  }
  const auto found = json.find("peerURLs");
  std::vector<std::string> urls;
  if (found == json.end() || !found->is_array()) return wrong("no valid URLs given");
  for (const auto& each : *found) {
    if (!each.is_string()) {
      return wrong("json: cannot unmarshal " + std::string(each.type_name()) +
                   " into Go struct field .peerURLs of type string");
    }
    ASSIGN_OR_RETURN(const config::Url url, config::ParseUrl(each.get<std::string>()));
    urls.push_back(url.ToString());
  }
  if (urls.empty()) return wrong("no valid URLs given");
  std::sort(urls.begin(), urls.end());
  return urls;
}

}  // namespace

void Members::Serve(const CallRef& call, base::ByteView path) {
  const base::ByteView method = call->method();
  const bool is_known =
      method == "GET" || method == "POST" || method == "PUT" || method == "DELETE";
  if (!is_known) return SendMethods(*call, "GET,POST,DELETE,PUT");
  const std::string name(path.substr(path.starts_with('/') ? 1 : 0));
  if (method == "GET") return List(call, name);
  access_.CheckRoot(call, [this, call, name](bool may) {
    if (!may) return SendMessage(*call, 401, JsonFields(), "Insufficient credentials");
    if (call->method() == "POST") return Add(call);
    if (name.empty()) {
      http::Headers fields = {{"x-etcd-cluster-id", members::HexText(server_.cluster().value())},
                              {"content-type", "text/plain; charset=utf-8"},
                              {"x-content-type-options", "nosniff"}};
      return call->Send(405, fields, "Method Not Allowed\n");
    }
    if (call->method() == "PUT") return Update(call, name);
    Remove(call, name);
  });
}

void Members::List(const CallRef& call, base::ByteView name) {
  const auto view = frontend_.state()->view().Get();
  const http::Headers fields = JsonFields(server_.cluster());
  if (name == "leader") {
    const uint64_t leader = frontend_.progress().leader;
    for (const members::Member& member : view->members) {
      if (member.id.value() == leader) return call->Send(200, fields, MemberJson(member) + "\n");
    }
    return SendMessage(*call, 503, fields, "During election");
  }
  if (!name.empty()) return SendMessage(*call, 404, fields, "Not found");
  std::string json = R"({"members":[)";
  for (const members::Member& member : view->members) {
    if (json.back() != '[') json += ',';
    json += MemberJson(member);
  }
  call->Send(200, fields, json + "]}\n");
}

std::optional<std::vector<std::string>> Members::UrlsOf(const CallRef& call) {
  const base::ByteView type = call->head().Get("content-type");
  if (!IsJson(type)) {
    Send(call, 415, "Bad Content-Type " + std::string(type) + ", accept " + std::string(kJsonType));
    return std::nullopt;
  }
  base::Result<std::vector<std::string>> urls = ParseUrls(call->body());
  if (urls.ok()) return *std::move(urls);
  Send(call, 400, std::string(urls.status().message()));
  return std::nullopt;
}

std::optional<base::MemberId> Members::IdOf(const CallRef& call, const std::string& name) const {
  uint64_t id = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), id, 16);
  if (error == std::errc() && end == name.data() + name.size()) return base::MemberId(id);
  Send(call, 404, "No such member: " + name);
  return std::nullopt;
}

void Members::Add(const CallRef& call) {
  auto urls = UrlsOf(call);
  if (!urls.has_value()) return;
  const int64_t second = frontend_.loop().clock().WallNow().unix_nanos / kSecond;
  const members::Member member{.id = members::AddedMemberId(*urls, second),
                               .peer_urls = *std::move(urls),
                               .is_learner = false,
                               .name = {},
                               .client_urls = {}};
  server_.reconfiguration().Add(member, {}, [this, call, member](const auto& members) {
    frontend_.loop().Post([this, call, member, status = members.status()] {
      if (!status.ok()) return Refuse(call, "", status);
      call->Send(201, JsonFields(server_.cluster()), MemberJson(member) + "\n");
    });
  });
}

void Members::Update(const CallRef& call, const std::string& name) {
  const auto id = IdOf(call, name);
  if (!id.has_value()) return;
  auto urls = UrlsOf(call);
  if (!urls.has_value()) return;
  server_.reconfiguration().UpdatePeerUrls(
      *id, *std::move(urls), {}, [this, call, name](const auto& members) {
        frontend_.loop().Post([this, call, name, status = members.status()] {
          if (!status.ok()) return Refuse(call, name, status);
          call->Send(204, {{"x-etcd-cluster-id", members::HexText(server_.cluster().value())}}, "");
        });
      });
}

void Members::Remove(const CallRef& call, const std::string& name) {
  const auto id = IdOf(call, name);
  if (!id.has_value()) return;
  server_.reconfiguration().Remove(*id, {}, [this, call, name](const auto& members) {
    frontend_.loop().Post([this, call, name, status = members.status()] {
      if (!status.ok()) return Refuse(call, name, status);
      call->Send(204, {{"x-etcd-cluster-id", members::HexText(server_.cluster().value())}}, "");
    });
  });
}

void Members::Refuse(const CallRef& call, const std::string& name, const base::Status& status) {
  if (status == base::errors::kPeerUrlExists) {
    return Send(call, 409, "membership: peerURL exists");
  }
  if (status == base::errors::kMemberExists) return Send(call, 409, "membership: ID exists");
  if (status != base::errors::kMemberNotFound) return Send(call, 500, "Internal Server Error");
  const std::vector<base::MemberId>& removed = frontend_.state()->view().Get()->removed;
  uint64_t id = 0;
  std::from_chars(name.data(), name.data() + name.size(), id, 16);
  if (std::binary_search(removed.begin(), removed.end(), base::MemberId(id))) {
    return Send(call, 410, "Member permanently removed: " + name);
  }
  Send(call, 404, "No such member: " + name);
}

void Members::Send(const CallRef& call, int status, std::string message) const {
  SendMessage(*call, status, JsonFields(server_.cluster()), message);
}

}  // namespace v2
