#include "config/validate.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include "base/duration_text.h"
#include "base/go_text.h"
#include "config/auto_compaction.h"
#include "config/cipher_suites.h"
#include "config/collector_address.h"
#include "config/log_level.h"
#include "config/log_rotation.h"
#include "config/url.h"

namespace config {
namespace {

using base::Status;

Status Invalid(std::string text) {
  return Status(base::Code::kInvalidArgument, std::move(text));
}

constexpr std::string_view kJournal = "systemd/journal";
constexpr int64_t kSamplingRateMax = 1'000'000;

bool IsStandardOutput(std::string_view output) {
  return output == "default" || output == "stderr" || output == "stdout";
}

Status CheckRotation(const LogConfig& log) {
  const auto files = std::count_if(log.outputs.begin(), log.outputs.end(),
                                   [](const std::string& each) { return !IsStandardOutput(each); });
  if (files > 1 || (log.outputs.size() == 1 && files == 0)) {
    return Invalid(
        "--log-outputs requires a single file path when --log-rotate-config-json is defined");
  }
  return ParseLogRotation(log.rotation_config_json).status();
}

Status CheckLog(const LogConfig& log) {
  if (log.logger == "capnslog") return Invalid("--logger=capnslog is removed in v3.5");
  if (log.logger != "zap") return Invalid("unknown logger option " + base::Quote(log.logger));
  for (const std::string& output : log.outputs) {
    if (output == "default" && log.outputs.size() > 1) {
      return Invalid("multi logoutput for \"default\" is not supported yet");
    }
    if (output == kJournal && log.outputs.size() > 1) {
      std::string outputs;
      for (const std::string& each : log.outputs) {
        outputs += (outputs.empty() ? "" : " ") + base::Quote(each);
      }
      return Invalid("running with systemd/journal but other '--log-outputs' values ([" + outputs +
                     "]) are configured with 'default'; override 'default' value with something "
                     "else");
    }
  }
  if (log.enable_rotation) RETURN_IF_ERROR(CheckRotation(log));
  if (!LogLevelName(log.level).has_value()) {
    return Invalid("unrecognized level: " + base::Quote(log.level));
  }
  if (log.format != "json" && log.format != "console" && !log.format.empty()) {
    return Invalid("unknown log format: " + log.format + ", supported values json, console");
  }
  return Status();
}

// A name may stand for several addresses, or for another one tomorrow.
Status CheckBindUrls(const std::vector<Url>& urls) {
  for (const Url& url : urls) {
    if (url.is_unix() || url.host == "localhost" || IsIpAddress(url.host)) continue;
    return Invalid("expected IP in URL for binding (" + url.ToString() + ")");
  }
  return Status();
}

Status CheckAdvertisedUrls(const std::vector<Url>& urls, std::string_view flag,
                           std::string_view form) {
  for (const Url& url : urls) {
    if (url.is_unix() || !url.host.empty()) continue;
    return Invalid("--" + std::string(flag) + " " + base::Quote(JoinUrls(urls)) + " must be " +
                   std::string(form) + " (unexpected empty host (" + url.ToString() + "))");
  }
  return Status();
}

void Warn(std::string message, decltype(Notice::fields) fields, std::vector<Notice>& notices) {
  notices.push_back({Severity::kWarn, std::move(message), std::move(fields)});
}

Status CheckUrls(const ServerConfig& config, std::vector<Notice>& notices) {
  RETURN_IF_ERROR(CheckBindUrls(config.listen.peer_urls));
  RETURN_IF_ERROR(CheckBindUrls(config.listen.client_urls));
  RETURN_IF_ERROR(CheckBindUrls(config.listen.client_http_urls));
  if (config.listen.client_http_urls.empty()) {
    Warn(
        "Running http and grpc server on single port. This is not recommended for "
        "production.",
        {}, notices);
  }
  RETURN_IF_ERROR(CheckBindUrls(config.listen.metrics_urls));
  RETURN_IF_ERROR(CheckAdvertisedUrls(config.cluster.initial_advertise_peer_urls,
                                      "initial-advertise-peer-urls", "\"host:port\""));
  return CheckAdvertisedUrls(config.cluster.advertise_client_urls, "advertise-client-urls",
                             "in the format \"host:port\", \"unix:/path/to/socket\" or "
                             "\"unixs:/path/to/socket\"");
}

Status CheckBootstrap(const ClusterConfig& cluster, const DiscoveryConfig& discovery) {
  const int ways = static_cast<int>(!cluster.initial_cluster.empty()) +
                   static_cast<int>(!discovery.srv.empty()) +
                   static_cast<int>(!discovery.endpoints.empty()) +
                   static_cast<int>(!discovery.url.empty());
  if (ways > 1) {
    return Invalid(
        "multiple discovery or bootstrap flags are set. Choose one of \"initial-cluster\", "
        "\"discovery-endpoints\" or \"discovery-srv\"");
  }
  if (discovery.token.empty() != discovery.endpoints.empty()) {
    return Invalid("both --discovery-token and --discovery-endpoints must be set");
  }
  for (const std::string& endpoint : discovery.endpoints) {
    if (base::TrimSpace(endpoint).empty()) {
      return Invalid("--discovery-endpoints must not contain empty endpoints");
    }
  }
  return Status();
}

Status CheckTimes(const MemberConfig& member) {
  constexpr int64_t kElectionMillisecondsMax = 50000;
  const int64_t heartbeat = member.heartbeat_interval.count();
  const int64_t election = member.election_timeout.count();
  if (heartbeat == 0) return Invalid("--heartbeat-interval must be >0 (set to 0ms)");
  if (election == 0) return Invalid("--election-timeout must be >0 (set to 0ms)");
  // Divided, as five times the largest interval does not fit.
  if (heartbeat > election / 5) {
    return Invalid("--election-timeout[" + std::to_string(election) +
                   "ms] should be at least as 5 times as --heartbeat-interval[" +
                   std::to_string(heartbeat) + "ms]");
  }
  if (election > kElectionMillisecondsMax) {
    return Invalid("--election-timeout[" + std::to_string(election) +
                   "ms] is too long, and should be set less than 50000ms");
  }
  return Status();
}

// Of gates that are not as they are by themselves.
void WarnOfGates(const FeatureGates& features, std::vector<Notice>& notices) {
  // Defragmentation does not hold up requests, so no service stops for it.
  constexpr Feature kWithoutEffect[] = {Feature::kPriorityRequest,
                                        Feature::kStopGrpcServiceOnDefrag,
                                        Feature::kTxnModeWriteWithSharedBuffer};
  const auto is_set = [&](Feature feature) {
    return features.Enabled(feature) != SpecOf(feature).enabled_by_default;
  };
  for (const Feature feature : kWithoutEffect) {
    if (!is_set(feature)) continue;
    Warn("the feature gate has no effect: what it tunes is not there",
         {{"feature", std::string(SpecOf(feature).name)}}, notices);
  }
}

Status CheckTracing(const TracingConfig& tracing) {
  if (!tracing.enabled) return {};
  const auto invalid = [](std::string_view why) {
    return Invalid("distributed tracing configurition is not valid: (" + std::string(why) + ")");
  };
  if (tracing.sampling_rate_per_million < 0) {
    return invalid("tracing sampling rate must be positive");
  }
  if (tracing.sampling_rate_per_million > kSamplingRateMax) {
    return invalid("tracing sampling rate must be less than " + std::to_string(kSamplingRateMax));
  }
  const Status address = ParseCollectorAddress(tracing.address).status();
  return address.ok() ? address : invalid(address.message());
}

Status CheckFeatures(const FeatureGates& features, std::vector<Notice>& notices) {
  const bool checkpoint = features.Enabled(Feature::kLeaseCheckpoint);
  const bool persist = features.Enabled(Feature::kLeaseCheckpointPersist);
  if (persist && !checkpoint) {
    return Invalid(
        "enabling feature gate LeaseCheckpointPersist requires enabling feature gate "
        "LeaseCheckpoint");
  }
  WarnOfGates(features, notices);
  return Status();
}

Status CheckSecurity(const SecurityConfig& security) {
  for (const std::string& version : {security.tls_min_version, security.tls_max_version}) {
    if (version.empty() || version == "TLS1.2" || version == "TLS1.3") continue;
    return Invalid("unexpected TLS version " + base::Quote(version) +
                   " (must be one of: TLS1.2, TLS1.3)");
  }
  // The versions compare as their texts do.
  if (!security.tls_max_version.empty() && security.tls_min_version > security.tls_max_version) {
    return Invalid("min version (" + security.tls_min_version + ") is greater than max version (" +
                   security.tls_max_version + ")");
  }
  if (security.tls_min_version == "TLS1.3" && !security.cipher_suites.empty()) {
    return Invalid("cipher suites cannot be configured when only TLS1.3 is enabled");
  }
  return Status();
}

// Of listeners without TLS, as etcd says it of each.
void WarnOfUnusedTls(const ServerConfig& config, std::vector<Notice>& notices) {
  const TlsConfig& tls = config.client_tls;
  const bool has_files = !tls.cert_file.empty() || !tls.key_file.empty() || tls.auto_tls;
  for (const std::vector<Url>* urls :
       {&config.listen.client_urls, &config.listen.client_http_urls}) {
    for (const Url& url : *urls) {
      if (url.secure()) continue;
      if (has_files) {
        Warn(
            "scheme is http or unix while key and cert files are present; ignoring key and cert "
            "files",
            {{"client-url", url.ToString()}}, notices);
      }
      if (tls.client_cert_auth) {
        Warn(
            "scheme is http or unix while --client-cert-auth is enabled; ignoring client cert auth "
            "for this URL",
            {{"client-url", url.ToString()}}, notices);
      }
    }
  }
}

}  // namespace

base::Status Validate(const ServerConfig& config, std::vector<Notice>& notices) {
  if (config.discovery.fallback == "proxy") {
    return Invalid(
        "v2 proxy is deprecated, and --discovery-fallback can't be configured as \"proxy\"");
  }
  RETURN_IF_ERROR(CheckLog(config.log));
  RETURN_IF_ERROR(CheckUrls(config, notices));
  RETURN_IF_ERROR(CheckBootstrap(config.cluster, config.discovery));
  RETURN_IF_ERROR(CheckTimes(config.member));
  if (config.cluster.advertise_client_urls.empty()) {
    return Invalid(
        "--advertise-client-urls is required when --listen-client-urls is set explicitly");
  }
  RETURN_IF_ERROR(CheckAutoCompactionMode(config.maintenance.auto_compaction_mode));
  RETURN_IF_ERROR(CheckTracing(config.tracing));
  RETURN_IF_ERROR(CheckFeatures(config.features, notices));
  const Duration hash_check = config.maintenance.compact_hash_check_time;
  if (hash_check <= Duration::zero()) {
    return Invalid("--compact-hash-check-time must be >0 (set to " +
                   base::FormatDuration(hash_check) + ")");
  }
  const Duration corrupt_check = config.maintenance.corrupt_check_time;
  if (corrupt_check < Duration::zero()) {
    return Invalid("--corrupt-check-time must not be less than 0 (set to " +
                   base::FormatDuration(corrupt_check) + ")");
  }
  if (config.backend.scrub_interval < Duration::zero()) {
    return Invalid("--scrub-interval must not be less than 0 (set to " +
                   base::FormatDuration(config.backend.scrub_interval) + ")");
  }
  if (config.member.name == ServerConfig().member.name) {
    Warn(
        "it isn't recommended to use default name, please set a value for --name. "
        "Note that etcd might run into issue when multiple members have the same "
        "default name",
        {{"name", config.member.name}}, notices);
  }
  RETURN_IF_ERROR(CheckSecurity(config.security));
  WarnOfUnusedTls(config, notices);
  return {};
}

base::Status CheckStart(const ServerConfig& config) {
  RETURN_IF_ERROR(ParseAutoCompaction(config.maintenance.auto_compaction_mode,
                                      config.maintenance.auto_compaction_retention)
                      .status());
  for (const std::string& suite : config.security.cipher_suites) {
    if (!CipherSuiteName(suite)) {
      return Invalid("unexpected TLS cipher suite " + base::Quote(suite));
    }
  }
  if (config.cluster.max_learners < 0) {
    return Invalid("membership: too many learner members in cluster");
  }
  return {};
}

}  // namespace config
