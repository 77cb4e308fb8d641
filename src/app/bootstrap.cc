#include "app/bootstrap.h"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "app/dns_bootstrap.h"
#include "app/initial_cluster.h"
#include "app/running_cluster.h"
#include "app/server_options.h"
#include "base/go_text.h"
#include "state/members/member.h"
#include "state/members/versions.h"

namespace app {
namespace {

using Urls = std::vector<config::Url>;

constexpr runtime::Duration kAskBeforeFounding = std::chrono::seconds(1);
constexpr runtime::Duration kAskBeforeJoining = std::chrono::seconds(10);

base::Status Invalid(std::string text) {
  return {base::Code::kInvalidArgument, std::move(text)};
}

base::Result<InitialCluster> ParseInitial(std::string_view text) {
  base::Result<InitialCluster> initial = config::ParseInitialCluster(text);
  if (initial.ok()) return initial;
  return Invalid("error setting up initial cluster: " + std::string(initial.status().message()));
}

base::Status AlreadyBootstrapped(base::MemberId id) {
  return {base::Code::kFailedPrecondition,
          "member " + members::HexText(id.value()) + " has already been bootstrapped"};
}

// Of all but `name`, each once, in the order of their texts.
Urls UrlsOfOthers(const InitialCluster& initial, const std::string& name) {
  Urls others;
  for (const auto& [member, urls] : initial) {
    if (member != name) others.insert(others.end(), urls.begin(), urls.end());
  }
  std::sort(others.begin(), others.end(),
            [](const config::Url& a, const config::Url& b) { return a.ToString() < b.ToString(); });
  return others;
}

// As Go prints it.
std::string ToText(const RunningCluster& cluster) {
  std::vector<std::string> texts;
  for (const members::Member& member : cluster.members) {
    texts.push_back("&{ID:" + members::HexText(member.id.value()) + " RaftAttributes:{PeerURLs:[" +
                    base::Join(member.peer_urls, " ") + "] IsLearner:" +
                    (member.is_learner ? "true" : "false") + "} Attributes:{Name:" + member.name +
                    " ClientURLs:[" + base::Join(member.client_urls, " ") + "]}}");
  }
  return "{ClusterID:" + members::HexText(cluster.id.value()) + " Members:[" +
         base::Join(texts, " ") + "] RemovedMemberIDs:[]}";
}

// The name in `initial` of a member of the cluster: of equal peer URLs, or of names of the same
// addresses.
base::Result<std::string> NameOf(const members::Member& member, const InitialCluster& initial,
                                 const Resolve& resolve) {
  ASSIGN_OR_RETURN(const Urls urls, PeerUrlsOf(member));
  std::string difference;
  for (const auto& [name, own] : initial) {
    difference = Difference(urls, own, resolve);
    if (difference.empty()) return name;
  }
  return Invalid("PeerURLs: no match found for existing member (" +
                 members::HexText(member.id.value()) + ", [" + base::Join(member.peer_urls, " ") +
                 "]), last resolver error (" + difference + ")");
}

// The member of the cluster that has `name` in `initial`, all of which must be its members.
base::Result<members::Member> FindMember(const RunningCluster& cluster,
                                         const InitialCluster& initial, const std::string& name,
                                         const Resolve& resolve) {
  if (cluster.members.size() != initial.size()) return Invalid("member count is unequal");
  std::optional<members::Member> self;
  for (const members::Member& member : cluster.members) {
    ASSIGN_OR_RETURN(const std::string found, NameOf(member, initial, resolve));
    if (found == name) self = member;
  }
  if (!self.has_value()) return Invalid("no member of the cluster has the peer URLs of " + name);
  return *std::move(self);
}

// The cluster's version as one of a member's URLs tells it; nothing if nobody does.
std::optional<members::Version> AskClusterVersion(const Bootstrapping& with,
                                                  const members::Member& member) {
  const base::Result<Urls> urls = PeerUrlsOf(member);
  if (!urls.ok()) return std::nullopt;
  for (const config::Url& url : *urls) {
    const base::Result<PeerAnswer> answer = with.ask(url, "/version", "", kAskBeforeJoining);
    if (!answer.ok() || answer->status != 200) continue;
    const base::Result<members::MemberVersions> versions = members::VersionsFromJson(answer->body);
    if (versions.ok()) return members::ParseVersion(versions->cluster);
  }
  return std::nullopt;
}

// Whether the cluster is being downgraded, as the first says that answers.
bool AskDowngradeEnabled(const Bootstrapping& with, const RunningCluster& cluster,
                         base::MemberId self) {
  for (const members::Member& member : cluster.members) {
    const base::Result<Urls> urls = PeerUrlsOf(member);
    if (member.id == self || !urls.ok()) continue;
    for (const config::Url& url : *urls) {
      const base::Result<PeerAnswer> answer =
          with.ask(url, "/downgrade/enabled", "", kAskBeforeJoining);
      if (answer.ok() && answer->status == 200) return answer->body == "true";
    }
  }
  return false;
}

struct Range {
  members::Version lowest;
  members::Version highest;
};

// Of the cluster's versions with which this version can be a member. One that is being downgraded
// takes members of the version to which it is, so it must be one above.
Range AllowedVersions(bool is_downgraded) {
  members::Version own = *members::ParseVersion(server::kClusterVersion);
  if (!is_downgraded) return {*members::ParseVersion(server::kMinClusterVersion), own};
  ++own.minor;
  return {own, own};
}

// Whether this version can be a member, and somebody says which version the cluster has.
base::Status CheckVersions(const Bootstrapping& with, const RunningCluster& cluster,
                           base::MemberId self) {
  const Range allowed = AllowedVersions(AskDowngradeEnabled(with, cluster, self));
  bool is_told = false;
  for (const members::Member& member : cluster.members) {
    if (member.id == self) continue;
    const std::optional<members::Version> version = AskClusterVersion(with, member);
    if (!version.has_value()) continue;
    if (*version < allowed.lowest || *version > allowed.highest) {
      with.logger.Warn(std::string("cluster version of remote member is not compatible; too ") +
                           (*version < allowed.lowest ? "low" : "high"),
                       {{"remote-member-id", members::HexText(member.id.value())},
                        {"remote-member-cluster-version", version->ToString()},
                        {"minimum-cluster-version-supported", allowed.lowest.ToString()},
                        {"maximum-cluster-version-supported", allowed.highest.ToString()}});
      return Invalid("incompatible with current running cluster");
    }
    is_told = true;
  }
  return is_told ? base::Status() : Invalid("incompatible with current running cluster");
}

// Whether --initial-cluster can be what this member joins or founds.
base::Status CheckInitialCluster(const Bootstrapping& with, const InitialCluster& initial,
                                 bool founds) {
  const std::string& name = with.config.member.name;
  if (founds) {
    return CheckFounding(name, initial, with.config.cluster.initial_advertise_peer_urls,
                         with.resolve);
  }
  RETURN_IF_ERROR(CheckHasSelf(initial, name));
  RETURN_IF_ERROR(CheckDistinctUrls(initial));
  if (with.config.discovery.has_service()) {
    return Invalid("discovery URL should not be set when joining existing initial cluster");
  }
  return {};
}

// Registers the member that the cluster so far has alone, and returns all of them.
base::Result<std::string> Discover(const Bootstrapping& with, const server::Options& options) {
  const base::MemberId self = members::InitialMemberId(options.initial_cluster.front().peer_urls,
                                                       options.initial_cluster_token);
  with.logger.Info(with.config.discovery.url.empty() ? "Bootstrapping cluster using v3 discovery."
                                                     : "Bootstrapping cluster using v2 discovery.");
  const auto registry = with.open_registry();
  if (!registry.ok()) return DiscoveryFailed(registry.status());
  ASSIGN_OR_RETURN(std::string found,
                   JoinByDiscovery({with.config.discovery, registry->get(), self,
                                    with.config.cluster.initial_cluster, with.pause, with.logger}));
  ASSIGN_OR_RETURN(const InitialCluster initial, config::ParseInitialCluster(found));
  RETURN_IF_ERROR(CheckDistinctUrls(initial, "discovery"));
  return found;
}

}  // namespace

base::Status FindInitialCluster(const Bootstrapping& with, config::ClusterConfig* cluster) {
  const config::DiscoveryConfig& discovery = with.config.discovery;
  if (discovery.has_service()) {
    cluster->initial_cluster = config::JoinInitialCluster(
        {{with.config.member.name, cluster->initial_advertise_peer_urls}});
    cluster->initial_cluster_token = discovery.url.empty() ? discovery.token : discovery.url;
  } else if (!discovery.srv.empty()) {
    ASSIGN_OR_RETURN(cluster->initial_cluster, InitialClusterFromDns({with.config, with.lookup_srv,
                                                                      with.resolve, with.logger}));
  }
  return {};
}

base::Status Bootstrap(const Bootstrapping& asked, server::Options* options) {
  config::ServerConfig config = asked.config;
  RETURN_IF_ERROR(FindInitialCluster(asked, &config.cluster));
  const Bootstrapping with{config,           asked.ask,           asked.resolve,
                           asked.lookup_srv, asked.open_registry, asked.pause,
                           asked.logger};
  options->initial_cluster_token = config.cluster.initial_cluster_token;
  ASSIGN_OR_RETURN(const InitialCluster initial, ParseInitial(config.cluster.initial_cluster));
  RETURN_IF_ERROR(SetInitialCluster(config.cluster.initial_cluster, options));
  const bool founds = !options->join_existing_cluster;
  RETURN_IF_ERROR(CheckInitialCluster(with, initial, founds));
  if (!founds) {
    ASSIGN_OR_RETURN(options->joining, FindCluster(with));
    return {};
  }
  RETURN_IF_ERROR(CheckNotBootstrapped(with, *options));
  if (!config.discovery.has_service()) return {};
  ASSIGN_OR_RETURN(const std::string found, Discover(with, *options));
  return SetInitialCluster(found, options);
}

base::Status CheckNotBootstrapped(const Bootstrapping& with, const server::Options& options) {
  ASSIGN_OR_RETURN(const InitialCluster initial,
                   config::ParseInitialCluster(with.config.cluster.initial_cluster));
  const auto self = std::find_if(
      options.initial_cluster.begin(), options.initial_cluster.end(),
      [&](const server::InitialMember& member) { return member.name == options.name; });
  if (self == options.initial_cluster.end()) return {};  // the server refuses that
  const base::Result<RunningCluster> running =
      AskMembers(with.ask, UrlsOfOthers(initial, options.name), kAskBeforeFounding, with.logger);
  if (!running.ok()) return {};
  const base::MemberId id =
      members::InitialMemberId(self->peer_urls, options.initial_cluster_token);
  const auto known = std::find_if(running->members.begin(), running->members.end(),
                                  [&](const members::Member& member) { return member.id == id; });
  if (known == running->members.end() || known->client_urls.empty()) return {};
  return AlreadyBootstrapped(id);
}

base::Result<server::Joining> FindCluster(const Bootstrapping& with) {
  const std::string& name = with.config.member.name;
  ASSIGN_OR_RETURN(const InitialCluster initial,
                   config::ParseInitialCluster(with.config.cluster.initial_cluster));
  RETURN_IF_ERROR(CheckHasSelf(initial, name));
  const base::Result<RunningCluster> running =
      AskMembers(with.ask, UrlsOfOthers(initial, name), kAskBeforeJoining, with.logger);
  if (!running.ok()) {
    return Invalid("cannot fetch cluster info from peer urls: " +
                   std::string(running.status().message()));
  }
  const base::Result<members::Member> self = FindMember(*running, initial, name, with.resolve);
  if (!self.ok()) {
    return Invalid("error validating peerURLs " + ToText(*running) + ": " +
                   std::string(self.status().message()));
  }
  RETURN_IF_ERROR(CheckVersions(with, *running, self->id));
  if (!self->name.empty()) {
    return base::Status(base::Code::kFailedPrecondition,
                        std::string(AlreadyBootstrapped(self->id).message()) +
                            ", and its log is not here: remove the member and add it again");
  }
  return server::Joining{self->id, running->id};
}

}  // namespace app
