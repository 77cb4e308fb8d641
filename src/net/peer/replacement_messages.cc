#include "net/peer/replacement_messages.h"

#include <algorithm>
#include <string>
#include <utility>

#include "config/url.h"

namespace peer {
namespace {

// Of a refusal, which goes into the log.
constexpr size_t kRefusalBytesMax = 300;

}  // namespace

base::Result<server::Replacement> ParseReplacement(base::ByteView body) {
  ASSIGN_OR_RETURN(server::Replacement replacement, server::ReplacementFromJson(body));
  for (const std::string& url : replacement.peer_urls) {
    const base::Result<config::Url> parsed = config::ParseUrl(url);
    if (!parsed.ok()) return parsed.status();
  }
  return replacement;
}

http::PlainResponse ReplacementResponse(const base::Result<std::vector<members::Member>>& members) {
  if (!members.ok()) {
    const bool is_final = members.status().code() == base::Code::kFailedPrecondition;
    return http::TextResponse(is_final ? 412 : 503, members.status().message());
  }
  http::PlainResponse response;
  response.fields.Add("content-type", "application/json");
  response.body = members::ToJson(*members) + "\n";
  return response;
}

base::Status ReplacementAnswer(int status, base::ByteView body) {
  if (status == 200) return {};
  const std::string text(body.substr(0, std::min(body.find('\n'), kRefusalBytesMax)));
  if (status == 404) {
    return {base::Code::kNotFound,
            "it cannot replace members, as those of etcd and of earlier versions cannot"};
  }
  if (status == 412 || status == 400) return {base::Code::kFailedPrecondition, text};
  return {base::Code::kUnavailable, text.empty() ? "status " + std::to_string(status) : text};
}

}  // namespace peer
