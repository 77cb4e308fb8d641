#include "app/start_report.h"

#include <algorithm>
#include <vector>

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

}  // namespace

void LogStart(const Start& start, const observe::Logger& logger) {
  const config::ServerConfig& config = start.config;
  const server::Options& options = start.options;
  const auto processors = static_cast<uint64_t>(start.processors);
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
       {"heartbeat-interval", std::chrono::nanoseconds(options.heartbeat_interval)},
       {"election-timeout", std::chrono::nanoseconds(options.election_timeout)},
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
       {"cors", Texts(config.cors.values)},
       {"host-whitelist", Texts(config.client_api.host_whitelist)},
       {"initial-cluster", config.cluster.initial_cluster},
       {"initial-cluster-state", is_new ? "new" : "existing"},
       {"initial-cluster-token", config.cluster.initial_cluster_token},
       {"quota-backend-bytes", options.quota_backend_bytes},
       {"max-request-bytes", config.client_api.max_request_bytes},
       {"max-concurrent-streams",
        std::min(http::Limits().max_concurrent_streams, config.client_api.max_concurrent_streams)},
       {"pre-vote", options.pre_vote},
       {"feature-gates", config.features.ToString()},
       {"initial-corrupt-check", config.features.Enabled(config::Feature::kInitialCorruptCheck)},
       {"corrupt-check-time-interval", config.maintenance.corrupt_check_time},
       {"compact-check-time-interval", config.maintenance.compact_hash_check_time},
       {"auto-compaction-mode", config.maintenance.auto_compaction_mode},
       {"auto-compaction-retention", config.maintenance.auto_compaction_retention},
       {"auto-compaction-interval", std::chrono::nanoseconds(options.auto_compaction.period)},
       {"max-learners", static_cast<uint64_t>(options.max_learners)},
       {"v2-deprecation", config.cluster.v2_deprecation}});
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
