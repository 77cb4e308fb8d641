#include "app/running_cluster.h"

#include <charconv>
#include <optional>
#include <utility>

namespace app {
namespace {

base::Status Invalid(std::string text) {
  return {base::Code::kInvalidArgument, std::move(text)};
}

std::optional<base::ClusterId> ClusterIdOf(const std::string& text) {
  uint64_t id = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), id, 16);
  if (text.empty() || parsed.ec != std::errc() || parsed.ptr != text.data() + text.size()) {
    return std::nullopt;
  }
  return base::ClusterId(id);
}

}  // namespace

base::Result<RunningCluster> AskMembers(const AskPeer& ask, const std::vector<config::Url>& urls,
                                        runtime::Duration timeout, const observe::Logger& logger) {
  for (const config::Url& url : urls) {
    const auto ignore = [&](const std::string& why) {
      logger.Warn("failed to get cluster response",
                  {{"address", url.ToString() + "/members"}, {"error", why}});
    };
    const base::Result<PeerAnswer> answer = ask(url, "/members", "", timeout);
    if (!answer.ok()) {
      ignore(std::string(answer.status().message()));
      continue;
    }
    if (answer->status != 200) {
      ignore("status " + std::to_string(answer->status));
      continue;
    }
    base::Result<std::vector<members::Member>> members = members::MembersFromJson(answer->body);
    if (!members.ok()) {
      ignore("the answer is no list of members");
      continue;
    }
    const std::optional<base::ClusterId> id = ClusterIdOf(answer->cluster_id);
    if (!id.has_value()) {
      ignore("the answer names no cluster");
      continue;
    }
    if (members->empty()) {
      return Invalid("failed to get raft cluster member(s) from the given URLs");
    }
    return RunningCluster{*id, *std::move(members)};
  }
  return Invalid("could not retrieve cluster information from the given URLs");
}

base::Result<std::vector<config::Url>> PeerUrlsOf(const members::Member& member) {
  std::vector<config::Url> urls;
  for (const std::string& text : member.peer_urls) {
    ASSIGN_OR_RETURN(config::Url url, config::ParseUrl(text));
    urls.push_back(std::move(url));
  }
  return urls;
}

}  // namespace app
