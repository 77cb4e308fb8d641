#include "app/start_report.h"

#include <algorithm>
#include <set>
#include <vector>

#include "base/go_text.h"
#include "base/human_bytes.h"
#include "config/url.h"
#include "net/http/limits.h"
#include "runtime/disk.h"
#include "runtime/posix/permissions.h"
#include "server/server.h"

namespace app {
namespace {

constexpr unsigned kRecommendedPermissions = 0700;
constexpr uint64_t kRecommendedRequestBytes = 10 << 20;
constexpr uint64_t kQuotaBytesMax = uint64_t{8} << 30;
constexpr const char* kQuotaName = "v3-applier";

std::vector<std::string> Texts(const std::vector<config::Url>& urls) {
  std::vector<std::string> texts;
  for (const config::Url& url : urls) texts.push_back(url.ToString());
  return texts;
}

std::vector<std::string> Texts(const std::set<std::string>& texts) {
  return {texts.begin(), texts.end()};
}

// Compat: a member that has started before does not look at what it was told of its cluster.
std::string InitialCluster(const Start& start) {
  const config::ServerConfig& config = start.config;
  if (start.is_initialized) return "";
  if (!config.discovery.endpoints.empty()) {
    return config::JoinInitialCluster(
        {{config.member.name, config.cluster.initial_advertise_peer_urls}});
  }
  const auto members = config::ParseInitialCluster(config.cluster.initial_cluster);
  return members.ok() ? config::JoinInitialCluster(*members) : config.cluster.initial_cluster;
}

std::string InitialClusterToken(const Start& start) {
  if (start.is_initialized) return "";
  return start.config.discovery.endpoints.empty() ? start.config.cluster.initial_cluster_token
                                                  : start.config.discovery.token;
}

// Compat: a number of revisions is told as so many nanoseconds.
std::chrono::nanoseconds Retention(const server::AutoCompaction& automatic) {
  return automatic.period + std::chrono::nanoseconds(automatic.revisions);
}

}  // namespace

void LogStart(const Start& start, const observe::Logger& logger) {
  const config::ServerConfig& config = start.config;
  const server::Options& options = start.options;
  const config::DiscoveryConfig& discovery = config.discovery;
  const std::set<std::string> endpoints(discovery.endpoints.begin(), discovery.endpoints.end());
  const std::chrono::nanoseconds heartbeat = options.heartbeat_interval;
  const std::chrono::nanoseconds retention = Retention(options.auto_compaction);
  const auto processors = static_cast<uint64_t>(start.processors);
  // Compat: a value of --v2-deprecation has no effect, and is not told.
  const std::string v2_deprecation = config::ClusterConfig().v2_deprecation;
  const bool is_new = config.cluster.initial_cluster_state == config::ClusterState::kNew;
  logger.Info(
      "starting an etcd server",
      {{"etcd-version", server::kVersion},
       {"max-cpu-set", processors},
       {"max-cpu-available", processors},
       {"member-initialized", start.is_initialized},
       {"name", config.member.name},
       {"data-dir", config.member.data_dir},
       {"wal-dir", config.member.wal_dir},
       {"wal-dir-dedicated", config.member.wal_dir},
       {"member-dir", runtime::JoinPath(config.member.data_dir, "member")},
       {"force-new-cluster", config.cluster.force_new_cluster},
       {"heartbeat-interval", heartbeat},
       {"election-timeout", options.election_timeout / heartbeat * heartbeat},
       {"initial-election-tick-advance", config.member.initial_election_tick_advance},
       {"snapshot-count", options.snapshot_count},
       {"max-wals", options.max_wals},
       {"max-snapshots", options.max_snapshots},
       {"snapshot-catchup-entries", options.snapshot_catchup_entries},
       {"initial-advertise-peer-urls", Texts(config.cluster.initial_advertise_peer_urls)},
       {"listen-peer-urls", Texts(config.listen.peer_urls)},
       {"advertise-client-urls", Texts(config.cluster.advertise_client_urls)},
       {"listen-client-urls", Texts(config.listen.client_urls)},
       {"listen-metrics-urls", Texts(config.listen.metrics_urls)},
       {"local-address", ""},
       {"cors", Texts(config.cors.values)},
       {"host-whitelist", Texts(config.client_api.host_whitelist)},
       {"initial-cluster", InitialCluster(start)},
       {"initial-cluster-state", is_new ? "new" : "existing"},
       {"initial-cluster-token", InitialClusterToken(start)},
       {"quota-backend-bytes", options.quota_backend_bytes},
       {"max-request-bytes", config.client_api.max_request_bytes},
       {"max-concurrent-streams",
        std::min(http::Limits().max_concurrent_streams, config.client_api.max_concurrent_streams)},
       {"pre-vote", options.pre_vote},
       {"feature-gates", config.features.TextOfSet()},
       {"initial-corrupt-check", config.features.Enabled(config::Feature::kInitialCorruptCheck)},
       {"corrupt-check-time-interval", config.maintenance.corrupt_check_time},
       {"compact-check-time-interval", config.maintenance.compact_hash_check_time},
       {"auto-compaction-mode", config.maintenance.auto_compaction_mode},
       {"auto-compaction-retention", retention},
       {"auto-compaction-interval", retention},
       {"discovery-token", discovery.token},
       {"discovery-endpoints", base::Join({endpoints.begin(), endpoints.end()}, ",")},
       {"discovery-dial-timeout", discovery.dial_timeout},
       {"discovery-request-timeout", discovery.request_timeout},
       {"discovery-keepalive-time", discovery.keepalive_time},
       {"discovery-keepalive-timeout", discovery.keepalive_timeout},
       {"discovery-insecure-transport", discovery.insecure_transport},
       {"discovery-insecure-skip-tls-verify", discovery.insecure_skip_tls_verify},
       {"discovery-cert", discovery.cert},
       {"discovery-key", discovery.key},
       {"discovery-cacert", discovery.cacert},
       {"discovery-user", discovery.user},
       {"downgrade-check-interval", config.maintenance.downgrade_check_time},
       {"max-learners", static_cast<uint64_t>(options.max_learners)},
       {"v2-deprecation", v2_deprecation}});
}

void LogLimits(const Start& start, const observe::Logger& logger) {
  const uint64_t request = start.config.client_api.max_request_bytes;
  if (request > kRecommendedRequestBytes) {
    logger.Warn("exceeded recommended request limit",
                {{"max-request-bytes", request},
                 {"max-request-size", base::HumanBytes(request)},
                 {"recommended-request-bytes", kRecommendedRequestBytes},
                 {"recommended-request-size", base::HumanBytes(kRecommendedRequestBytes)}});
  }
  if (start.options.quota_backend_bytes < 0) {
    logger.Info(
        "disabled backend quota",
        {{"quota-name", kQuotaName}, {"quota-size-bytes", start.options.quota_backend_bytes}});
    return;
  }
  const auto quota = static_cast<uint64_t>(start.options.quota_backend_bytes);
  if (quota > kQuotaBytesMax) {
    logger.Warn("quota exceeds the maximum value",
                {{"quota-name", kQuotaName},
                 {"quota-size-bytes", quota},
                 {"quota-size", base::HumanBytes(quota)},
                 {"quota-maximum-size-bytes", kQuotaBytesMax},
                 {"quota-maximum-size", base::HumanBytes(kQuotaBytesMax)}});
  }
  const bool is_default = start.config.backend.quota_bytes == 0;
  logger.Info(is_default ? "enabled backend quota with default value" : "enabled backend quota",
              {{"quota-name", kQuotaName},
               {"quota-size-bytes", quota},
               {"quota-size", base::HumanBytes(quota)}});
}

void WarnOfPermissions(const std::string& directory, const observe::Logger& logger) {
  const auto permissions = runtime::posix::DirectoryPermissions(directory);
  if (!permissions.has_value() || *permissions == kRecommendedPermissions) return;
  logger.Warn("check file permission",
              {{"error", "directory \"" + directory + "\" exist, but the permission is \"d" +
                             runtime::posix::PermissionText(*permissions) +
                             "\". The recommended permission is \"-" +
                             runtime::posix::PermissionText(kRecommendedPermissions) +
                             "\" to prevent possible unprivileged access to the data"}});
}

}  // namespace app
