#include "config/flag_table.h"

#include <gtest/gtest.h>

#include "config/command_line.h"
#include "config/config_file.h"
#include "config/environment.h"
#include "config/flag_value.h"
#include "config/help.h"

namespace config {
namespace {

// Every flag of `etcd --help` of 3.7.1, and those it takes without effect.
constexpr std::string_view kNames[] = {"advertise-client-urls",
                                       "auth-token",
                                       "auth-token-ttl",
                                       "auto-compaction-mode",
                                       "auto-compaction-retention",
                                       "auto-tls",
                                       "backend-batch-interval",
                                       "backend-batch-limit",
                                       "backend-bbolt-freelist-type",
                                       "bcrypt-cost",
                                       "bootstrap-defrag-threshold-megabytes",
                                       "cert-file",
                                       "cipher-suites",
                                       "client-cert-allowed-hostname",
                                       "client-cert-auth",
                                       "client-cert-file",
                                       "client-crl-file",
                                       "client-key-file",
                                       "cluster-active-size",
                                       "cluster-remove-delay",
                                       "cluster-sync-interval",
                                       "compact-hash-check-time",
                                       "compaction-batch-limit",
                                       "compaction-sleep-interval",
                                       "config",
                                       "config-file",
                                       "corrupt-check-time",
                                       "cors",
                                       "data-dir",
                                       "discovery-cacert",
                                       "discovery-cert",
                                       "discovery-dial-timeout",
                                       "discovery-endpoints",
                                       "discovery-fallback",
                                       "discovery-insecure-skip-tls-verify",
                                       "discovery-insecure-transport",
                                       "discovery-keepalive-time",
                                       "discovery-keepalive-timeout",
                                       "discovery-key",
                                       "discovery-password",
                                       "discovery-request-timeout",
                                       "discovery-srv",
                                       "discovery-srv-name",
                                       "discovery-token",
                                       "discovery-user",
                                       "distributed-tracing-address",
                                       "distributed-tracing-instance-id",
                                       "distributed-tracing-sampling-rate",
                                       "distributed-tracing-service-name",
                                       "downgrade-check-time",
                                       "election-timeout",
                                       "enable-distributed-tracing",
                                       "enable-grpc-gateway",
                                       "enable-log-rotation",
                                       "enable-pprof",
                                       "feature-gates",
                                       "force",
                                       "force-new-cluster",
                                       "grpc-keepalive-interval",
                                       "grpc-keepalive-min-time",
                                       "grpc-keepalive-timeout",
                                       "heartbeat-interval",
                                       "host-whitelist",
                                       "initial-advertise-peer-urls",
                                       "initial-cluster",
                                       "initial-cluster-state",
                                       "initial-cluster-token",
                                       "initial-election-tick-advance",
                                       "key-file",
                                       "listen-client-http-urls",
                                       "listen-client-urls",
                                       "listen-metrics-urls",
                                       "listen-peer-urls",
                                       "log-format",
                                       "log-level",
                                       "log-outputs",
                                       "log-rotation-config-json",
                                       "logger",
                                       "max-concurrent-streams",
                                       "max-learners",
                                       "max-request-bytes",
                                       "max-result-buffer",
                                       "max-retry-attempts",
                                       "max-snapshots",
                                       "max-txn-ops",
                                       "max-wals",
                                       "memory-mlock",
                                       "metrics",
                                       "name",
                                       "peer-auto-tls",
                                       "peer-cert-allowed-cn",
                                       "peer-cert-allowed-hostname",
                                       "peer-cert-file",
                                       "peer-client-cert-auth",
                                       "peer-client-cert-file",
                                       "peer-client-key-file",
                                       "peer-crl-file",
                                       "peer-election-timeout",
                                       "peer-heartbeat-interval",
                                       "peer-key-file",
                                       "peer-skip-client-san-verification",
                                       "peer-trusted-ca-file",
                                       "pre-vote",
                                       "quota-backend-bytes",
                                       "raft-read-timeout",
                                       "raft-write-timeout",
                                       "retry-interval",
                                       "self-signed-cert-validity",
                                       "snapshot",
                                       "snapshot-catchup-entries",
                                       "snapshot-count",
                                       "socket-reuse-address",
                                       "socket-reuse-port",
                                       "strict-reconfig-check",
                                       "test.coverprofile",
                                       "test.outputdir",
                                       "tls-max-version",
                                       "tls-min-version",
                                       "trusted-ca-file",
                                       "unsafe-no-fsync",
                                       "v",
                                       "v2-deprecation",
                                       "version",
                                       "vv",
                                       "wal-dir",
                                       "warning-apply-duration",
                                       "warning-unary-request-duration",
                                       "watch-progress-notify-interval"};

// And those that etcd 3.7 does not have.
constexpr std::string_view kOurNames[] = {"auto-defrag",
                                          "clear-space-alarm",
                                          "client-memory-bytes",
                                          "connection-memory-bytes",
                                          "disk-reserve-bytes",
                                          "disk-stall-handover",
                                          "discovery",
                                          "enable-v2",
                                          "raft-trace-bytes",
                                          "raft-trace-file",
                                          "refill-damaged",
                                          "replace-damaged",
                                          "scrub-bytes-per-second",
                                          "scrub-interval"};

// Which of them configuration files cannot set: switches of the command line, and flags without a
// field in etcd's file.
constexpr std::string_view kNotInFiles[] = {
    "raft-read-timeout",  "raft-write-timeout", "config-file",  "version",
    "discovery-fallback", "client-crl-file",    "peer-crl-file"};

// A value that is not the default, in the three forms.
struct Sample {
  std::string text;
  std::string yaml;
};

struct SampleOf {
  Sample operator()(Reference<bool> value) const {
    ServerConfig config;
    return value(config) ? Sample{"false", "false"} : Sample{"true", "true"};
  }
  Sample operator()(Reference<uint64_t>) const { return {"77", "77"}; }
  Sample operator()(Reference<uint32_t>) const { return {"77", "77"}; }
  Sample operator()(Reference<int64_t>) const { return {"77", "77"}; }
  Sample operator()(Reference<std::chrono::milliseconds>) const { return {"77", "77"}; }
  Sample operator()(Reference<std::chrono::seconds>) const { return {"77", "77"}; }
  Sample operator()(Reference<Duration>) const { return {"7s", "7000000000"}; }
  Sample operator()(Reference<std::string>) const { return {"text", "text"}; }
  Sample operator()(Reference<std::vector<std::string>>) const { return {"a,b", "[a, b]"}; }
  Sample operator()(Reference<std::set<std::string>>) const { return {"a,b", "'a,b'"}; }
  Sample operator()(Reference<std::vector<Url>>) const {
    return {"http://127.0.0.1:7", "http://127.0.0.1:7"};
  }
  Sample operator()(Reference<Origins>) const { return {"http://a:7", "http://a:7"}; }
  Sample operator()(Reference<ClusterState>) const { return {"existing", "existing"}; }
  Sample operator()(Reference<FeatureGates>) const {
    const std::string all =
        "CompactHashCheck=false,FastLeaseKeepAlive=false,InitialCorruptCheck=true,"
        "LeaseCheckpoint=true,LeaseCheckpointPersist=true,PriorityRequest=true,"
        "SetMemberLocalAddr=true,StopGRPCServiceOnDefrag=true,"
        "TxnModeWriteWithSharedBuffer=false";
    return {all, "'" + all + "'"};
  }
  Sample operator()(VersionSwitch) const { return {"true", ""}; }
  Sample operator()(IgnoredSwitch) const { return {"anything", ""}; }
};

Sample SampleFor(const Flag& flag) {
  if (!flag.choices.empty()) return {std::string(flag.choices.back()), "ignored"};
  return std::visit(SampleOf{}, flag.target);
}

// What the flag holds once it is set to the sample.
std::string Expected(const Flag& flag) {
  const bool valued = !std::holds_alternative<VersionSwitch>(flag.target) &&
                      !std::holds_alternative<IgnoredSwitch>(flag.target);
  return valued ? SampleFor(flag).text : "";
}

TEST(FlagTableTest, HoldsTheFlagsOfEtcdAndFewOthers) {
  for (const std::string_view name : kNames) EXPECT_NE(FindFlag(name), nullptr) << name;
  for (const std::string_view name : kOurNames) EXPECT_NE(FindFlag(name), nullptr) << name;
  EXPECT_EQ(AllFlags().size(), std::size(kNames) + std::size(kOurNames));
  EXPECT_EQ(FindFlag("no-such-flag"), nullptr);
}

TEST(FlagTableTest, TheCommandLineTakesEveryFlag) {
  for (const Flag& flag : AllFlags()) {
    const std::string_view name = flag.name;
    const std::vector<std::string> arguments = {"--" + std::string(name) + "=" +
                                                SampleFor(flag).text};
    const auto line = ParseCommandLine(arguments);
    ASSERT_TRUE(line.ok()) << line.status().ToString();
    EXPECT_EQ(FormatFlag(flag, line->config), Expected(flag)) << name;
    EXPECT_EQ(line->given, (std::set<std::string_view>{name}));
  }
}

TEST(FlagTableTest, TheEnvironmentTakesEveryFlagButVersion) {
  for (const Flag& flag : AllFlags()) {
    const std::string_view name = flag.name;
    if (name == "version") continue;
    ServerConfig config;
    std::set<std::string_view> given;
    std::vector<Notice> notices;
    const Environment environment = {{flag.EnvironmentName(), SampleFor(flag).text}};
    const base::Status applied = ApplyEnvironment(environment, config, given, notices);
    ASSERT_TRUE(applied.ok()) << applied.ToString();
    EXPECT_EQ(FormatFlag(flag, config), Expected(flag)) << name;
    EXPECT_EQ(given, (std::set<std::string_view>{name}));
  }
}

// "a.b: c" as nested maps.
std::string AsYaml(std::string_view key, const std::string& value) {
  const size_t dot = key.find('.');
  if (dot == std::string_view::npos) return "{" + std::string(key) + ": " + value + "}";
  return "{" + std::string(key.substr(0, dot)) + ": " + AsYaml(key.substr(dot + 1), value) + "}";
}

TEST(FlagTableTest, FilesTakeEveryFlagThatHasAKey) {
  size_t without_key = 0;
  for (const Flag& flag : AllFlags()) {
    const std::string_view name = flag.name;
    if (flag.yaml_key.empty()) {
      ++without_key;
      continue;
    }
    const std::string_view key = flag.yaml_key == "=" ? name : flag.yaml_key;
    const auto file = ParseConfigFile("f", AsYaml(key, SampleFor(flag).yaml));
    ASSERT_TRUE(file.ok()) << file.status().ToString();
    // A choice is checked, and has an effect, on the command line alone.
    const std::string expected =
        flag.choices.empty() ? Expected(flag) : FormatFlag(flag, ServerConfig());
    EXPECT_EQ(FormatFlag(flag, file->config), expected) << name;
    EXPECT_EQ(file->given, (std::set<std::string_view>{name}));
  }
  EXPECT_EQ(without_key, std::size(kNotInFiles) + 15);
  for (const std::string_view name : kNotInFiles) {
    EXPECT_TRUE(FindFlag(name)->yaml_key.empty()) << name;
  }
}

TEST(FlagTableTest, NoTwoFlagsShareAMember) {
  const ServerConfig defaults;
  for (const Flag& flag : AllFlags()) {
    ServerConfig config;
    ASSERT_TRUE(SetFlag(flag, SampleFor(flag).text, config).ok()) << flag.name;
    for (const Flag& other : AllFlags()) {
      if (&other == &flag) continue;
      EXPECT_EQ(FormatFlag(other, config), FormatFlag(other, defaults))
          << flag.name << " changes " << other.name;
    }
  }
}

TEST(FlagTableTest, TheHelpNamesEveryFlagThatHasAnEffect) {
  const std::string help = HelpText();
  for (const Flag& flag : AllFlags()) {
    const std::string line = "\n  --" + std::string(flag.name);
    const bool named =
        help.find(line + " '") != std::string::npos || help.find(line + "\n") != std::string::npos;
    EXPECT_EQ(named, flag.section != Section::kIgnored) << flag.name;
  }
}

TEST(FlagTableTest, KeysOfFilesAreFoundWhole) {
  EXPECT_EQ(FindFlagByYamlKey("name"), FindFlag("name"));
  EXPECT_EQ(FindFlagByYamlKey("peer-transport-security.cert-file"), FindFlag("peer-cert-file"));
  EXPECT_EQ(FindFlagByYamlKey("peer-cert-file"), nullptr);
  EXPECT_EQ(FindFlagByYamlKey("="), nullptr);
  EXPECT_EQ(FindFlagByYamlKey(""), nullptr);
  EXPECT_EQ(FindFlagByYamlKey("Peer-Transport-Security.CERT-file"), FindFlag("peer-cert-file"));
  EXPECT_TRUE(IsYamlSection("discovery-config.client"));
  EXPECT_TRUE(IsYamlSection("Discovery-Config.CLIENT"));
  EXPECT_FALSE(IsYamlSection("discovery"));
}

}  // namespace
}  // namespace config
