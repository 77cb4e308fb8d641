#include "config/command.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "config/validate.h"

namespace config {
namespace {

using Arguments = std::vector<std::string>;

struct Case {
  Arguments arguments;
  Environment environment = {};
  // The only file there is, at "etcd.yaml".
  std::string file = {};
  std::string default_host = {};
};

Command Ran(const Case& given) {
  World world;
  world.environment = given.environment;
  world.default_host = given.default_host;
  world.read_file = [&](const std::string& path) -> base::Result<std::string> {
    if (path == "etcd.yaml") return given.file;
    return base::Status(base::Code::kNotFound, "open " + path + ": no such file or directory");
  };
  return ParseCommand(given.arguments, world);
}

ServerConfig Started(const Case& given) {
  const Command command = Ran(given);
  const auto* const config = std::get_if<ServerConfig>(&command.action);
  if (const auto* refusal = std::get_if<Refusal>(&command.action)) {
    ADD_FAILURE() << refusal->reason.fields[0].second;
  }
  if (const auto* misuse = std::get_if<Misuse>(&command.action)) ADD_FAILURE() << misuse->text;
  return config == nullptr ? ServerConfig() : *config;
}

// Why the configuration is refused; empty if it is not.
std::string Refused(const Case& given) {
  const Command command = Ran(given);
  const auto* const refusal = std::get_if<Refusal>(&command.action);
  if (refusal == nullptr) return "";
  EXPECT_EQ(refusal->reason.message, "failed to verify flags");
  EXPECT_EQ(refusal->reason.severity, Severity::kWarn);
  return refusal->reason.fields[0].second;
}

// Why a member does not start with it, which is found out later, as by etcd; empty if it does.
std::string FailedToStart(const Case& given) {
  return std::string(CheckStart(Started(given)).message());
}

bool HasNotice(const Command& command, std::string_view message) {
  return std::any_of(command.notices.begin(), command.notices.end(),
                     [&](const Notice& notice) { return notice.message == message; });
}

TEST(CommandTest, WithoutAnythingTheDefaultsHold) {
  const Command command = Ran({});
  const auto* const config = std::get_if<ServerConfig>(&command.action);
  ASSERT_NE(config, nullptr);
  EXPECT_EQ(config->member.name, "default");
  EXPECT_EQ(config->member.data_dir, "default.etcd");
  EXPECT_EQ(config->cluster.initial_cluster, "default=http://localhost:2380");
  EXPECT_EQ(JoinUrls(config->cluster.advertise_client_urls), "http://localhost:2379");
  EXPECT_TRUE(HasNotice(command, "'data-dir' was empty; using default"));
}

TEST(CommandTest, ANameAloneFoundsAClusterOfOne) {
  const ServerConfig config = Started({{"--name=infra1"}});
  EXPECT_EQ(config.member.data_dir, "infra1.etcd");
  EXPECT_EQ(config.cluster.initial_cluster, "infra1=http://localhost:2380");
}

TEST(CommandTest, AMemberOnAllAddressesAdvertisesTheDefaultHost) {
  const Case given{
      {"--name=a", "--listen-peer-urls=http://0.0.0.0:7000",
       "--listen-client-urls=http://0.0.0.0:7001", "--advertise-client-urls=http://localhost:2379"},
      {},
      {},
      "10.0.0.9"};
  const ServerConfig config = Started(given);
  EXPECT_EQ(JoinUrls(config.cluster.initial_advertise_peer_urls), "http://10.0.0.9:7000");
  EXPECT_EQ(JoinUrls(config.cluster.advertise_client_urls), "http://10.0.0.9:7001");
  EXPECT_EQ(config.cluster.initial_cluster, "a=http://10.0.0.9:7000");
  EXPECT_TRUE(HasNotice(Ran(given), "detected default host for advertise"));
}

TEST(CommandTest, HelpAndVersionPrint) {
  const Command help = Ran({{"--help"}});
  ASSERT_TRUE(std::holds_alternative<Print>(help.action));
  const Command version = Ran({{"--version"}});
  const std::string& text = std::get<Print>(version.action).text;
  EXPECT_EQ(text.substr(0, 21), "etcd Version: 3.7.1\nG");
  for (const char* line : {"\nGit SHA: ", "\nGo Version: ", "\nGo OS/Arch: linux/"}) {
    EXPECT_NE(text.find(line), std::string::npos) << line;
  }
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 4);
}

TEST(CommandTest, AnUnknownFlagIsMisuseWithAUsageHint) {
  const Command command = Ran({{"--foo"}});
  const auto* const misuse = std::get_if<Misuse>(&command.action);
  ASSERT_NE(misuse, nullptr);
  EXPECT_EQ(misuse->text.substr(0, 42), "flag provided but not defined: -foo\nUsage:");
}

TEST(CommandTest, WhatWasMeantStandsBehindTheUsage) {
  const auto text = [](const std::vector<std::string>& arguments) {
    const Command command = Ran({arguments});
    const auto* const misuse = std::get_if<Misuse>(&command.action);
    return misuse == nullptr ? "" : misuse->text;
  };
  EXPECT_TRUE(
      text({"--name", "a", "--data-dri=/x"}).ends_with("\nDid you mean this?\n\t--data-dir\n"));
  EXPECT_TRUE(text({"-listen-client-url", "x"})
                  .ends_with("\nDid you mean this?\n\t--listen-client-urls\n"));
  EXPECT_TRUE(
      text({"--initial-cluster-state", "exsting"}).ends_with("\nDid you mean this?\n\texisting\n"));
  EXPECT_TRUE(text({"--initial-cluster-state=nwe"}).ends_with("\nDid you mean this?\n\tnew\n"));
  EXPECT_EQ(text({"--foo"}).find("Did you mean"), std::string::npos);
}

TEST(CommandTest, AStrayArgumentIsRefused) {
  EXPECT_EQ(Refused({{"--version", "foo"}}), "\"foo\" is not a valid flag");
}

TEST(CommandTest, TheEnvironmentSetsFlags) {
  const Case given{{}, {{"ETCD_NAME", "env"}, {"PATH", "/bin"}, {"ETCD_PRE_VOTE", "false"}}};
  const ServerConfig config = Started(given);
  EXPECT_EQ(config.member.name, "env");
  EXPECT_FALSE(config.cluster.pre_vote);
  EXPECT_TRUE(HasNotice(Ran(given), "recognized and used environment variable"));
}

TEST(CommandTest, AFlagGivenTwiceInTwoPlacesIsAConflict) {
  const Command command = Ran({{"--name=a"}, {{"ETCD_NAME", "b"}}});
  const auto* const refusal = std::get_if<Refusal>(&command.action);
  ASSERT_NE(refusal, nullptr);
  EXPECT_EQ(refusal->reason.severity, Severity::kFatal);
  EXPECT_EQ(refusal->reason.message,
            "conflicting environment variable is shadowed by corresponding command-line flag "
            "(either unset environment variable or disable flag))");
  EXPECT_EQ(refusal->reason.fields[0].second, "ETCD_NAME");
}

TEST(CommandTest, UnknownVariablesAreToldAndNotRefused) {
  const Command command = Ran({{}, {{"ETCD_NONSENSE", "1"}, {"ETCD_VERSION", "3"}}});
  ASSERT_TRUE(std::holds_alternative<ServerConfig>(command.action));
  EXPECT_TRUE(HasNotice(command, "unrecognized environment variable"));
  EXPECT_TRUE(HasNotice(command, "cannot set special environment variable"));
}

TEST(CommandTest, AVariableThatCannotBeReadIsRefused) {
  EXPECT_EQ(Refused({{}, {{"ETCD_SNAPSHOT_COUNT", "x"}}}),
            "invalid value \"x\" for ETCD_SNAPSHOT_COUNT: parse error");
}

TEST(CommandTest, AFileReplacesFlagsAndEnvironment) {
  const Case given{{"--config-file=etcd.yaml", "--name=flag"},
                   {{"ETCD_NAME", "env"}, {"ETCD_DATA_DIR", "env"}},
                   "max-txn-ops: 5\nlisten-client-urls: http://127.0.0.1:1\n"};
  const ServerConfig config = Started(given);
  EXPECT_EQ(config.member.name, "default");
  EXPECT_EQ(config.member.data_dir, "default.etcd");
  EXPECT_EQ(config.member.max_txn_ops, 5u);
  EXPECT_EQ(JoinUrls(config.cluster.advertise_client_urls), "http://localhost:2379");
}

TEST(CommandTest, TheEnvironmentMayNameTheFile) {
  EXPECT_EQ(Started({{}, {{"ETCD_CONFIG_FILE", "etcd.yaml"}}, "name: f"}).member.name, "f");
}

TEST(CommandTest, AFileThatCannotBeReadIsRefused) {
  EXPECT_EQ(Refused({{"--config-file=none"}}), "open none: no such file or directory");
  EXPECT_EQ(Refused({{"--config-file=etcd.yaml"}, {}, "name: []"}),
            "etcd.yaml: name: expected a text");
}

TEST(CommandTest, ShortRaftTimeoutsAreRaised) {
  const Case given{{"--raft-read-timeout=1s", "--raft-write-timeout=6s"}};
  EXPECT_EQ(Started(given).member.raft_read_timeout, std::chrono::seconds(5));
  EXPECT_EQ(Started(given).member.raft_write_timeout, std::chrono::seconds(6));
  EXPECT_TRUE(HasNotice(Ran(given), "raft-read-timeout increased to minimum value: 5s"));
}

TEST(CommandTest, DeprecatedFlagsAreTold) {
  EXPECT_TRUE(HasNotice(Ran({{"--max-snapshots=1"}}),
                        "--max-snapshots is deprecated in 3.6 and will be decommissioned in 3.8."));
  EXPECT_TRUE(HasNotice(Ran({{"--config-file=etcd.yaml"}, {}, "v2-deprecation: not-yet"}),
                        "--v2-deprecation is deprecated and scheduled for removal in v3.8. The "
                        "default value is enforced, ignoring user input."));
}

struct RefusedCase {
  Arguments arguments;
  const char* error;
};

TEST(CommandTest, ValuesThatDoNotGoTogetherAreRefusedWithTheTextsOfEtcd) {
  const RefusedCase kCases[] = {
      {{"--heartbeat-interval=0"}, "--heartbeat-interval must be >0 (set to 0ms)"},
      {{"--election-timeout=0"}, "--election-timeout must be >0 (set to 0ms)"},
      {{"--heartbeat-interval=201"},
       "--election-timeout[1000ms] should be at least as 5 times as --heartbeat-interval[201ms]"},
      {{"--election-timeout=50001"},
       "--election-timeout[50001ms] is too long, and should be set less than 50000ms"},
      {{"--listen-client-urls=http://127.0.0.1:1"},
       "--advertise-client-urls is required when --listen-client-urls is set explicitly"},
      {{"--listen-peer-urls=http://example.com:1"},
       "expected IP in URL for binding (http://example.com:1)"},
      {{"--listen-metrics-urls=http://example.com:1"},
       "expected IP in URL for binding (http://example.com:1)"},
      {{"--initial-advertise-peer-urls=http://:1"},
       "--initial-advertise-peer-urls \"http://:1\" must be \"host:port\" (unexpected empty host "
       "(http://:1))"},
      {{"--initial-cluster=a=http://a:1", "--discovery-srv=example.com"},
       "multiple discovery or bootstrap flags are set. Choose one of \"initial-cluster\", "
       "\"discovery-endpoints\" or \"discovery-srv\""},
      {{"--discovery-token=t"}, "both --discovery-token and --discovery-endpoints must be set"},
      {{"--discovery-fallback=proxy"},
       "v2 proxy is deprecated, and --discovery-fallback can't be configured as \"proxy\""},
      {{"--auto-compaction-mode="}, "undefined auto-compaction-mode"},
      {{"--auto-compaction-mode=x"}, "unknown auto-compaction-mode \"x\""},
      {{"--compact-hash-check-time=0"}, "--compact-hash-check-time must be >0 (set to 0s)"},
      {{"--feature-gates=LeaseCheckpointPersist=true"},
       "enabling feature gate LeaseCheckpointPersist requires enabling feature gate "
       "LeaseCheckpoint"},
      {{"--tls-min-version=TLS1.1"},
       "unexpected TLS version \"TLS1.1\" (must be one of: TLS1.2, TLS1.3)"},
      {{"--tls-min-version=TLS1.3", "--tls-max-version=TLS1.2"},
       "min version (TLS1.3) is greater than max version (TLS1.2)"},
      {{"--tls-min-version=TLS1.3", "--cipher-suites=X"},
       "cipher suites cannot be configured when only TLS1.3 is enabled"},
      {{"--logger=capnslog"}, "--logger=capnslog is removed in v3.5"},
      {{"--logger=x"}, "unknown logger option \"x\""},
      {{"--log-outputs=default,stdout"}, "multi logoutput for \"default\" is not supported yet"},
      {{"--log-level=loud"}, "unrecognized level: \"loud\""},
      {{"--corrupt-check-time=-1s"}, "--corrupt-check-time must not be less than 0 (set to -1s)"},
      {{"--log-format=x"}, "unknown log format: x, supported values json, console"},
      {{"--enable-log-rotation"},
       "--log-outputs requires a single file path when --log-rotate-config-json is defined"},
      {{"--enable-log-rotation", "--log-outputs=a,b"},
       "--log-outputs requires a single file path when --log-rotate-config-json is defined"},
      {{"--enable-log-rotation", "--log-outputs=a", "--log-rotation-config-json={"},
       "improperly formatted log rotation config: invalid JSON"}};
  for (const RefusedCase& each : kCases) {
    EXPECT_EQ(Refused({each.arguments}), each.error) << each.arguments[0];
  }
}

TEST(CommandTest, SomeValuesAreFoundToBeWrongAtTheStart) {
  EXPECT_EQ(FailedToStart({{"--auto-compaction-retention=x"}}),
            "error parsing CompactionRetention: time: invalid duration \"x\"");
  EXPECT_EQ(FailedToStart({{"--cipher-suites=TLS_AES_128_GCM_SHA256,none"}}),
            "unexpected TLS cipher suite \"none\"");
  EXPECT_EQ(FailedToStart({{"--max-learners=-1"}}),
            "membership: too many learner members in cluster");
}

TEST(CommandTest, ValuesAtTheirLimitsAreAccepted) {
  for (const Arguments& arguments :
       {Arguments{"--heartbeat-interval=200"},
        {"--election-timeout=50000"},
        {"--listen-peer-urls=http://[::]:1,unix://sock,http://localhost:2"},
        {"--initial-advertise-peer-urls=unix:///a"},
        {"--enable-log-rotation", "--log-outputs=a,stdout"},
        {"--tls-min-version=TLS1.3", "--tls-max-version=TLS1.3"},
        {"--auto-compaction-retention=0h", "--auto-compaction-mode=revision"},
        {"--auto-compaction-retention=1000", "--auto-compaction-mode=revision"},
        {"--auto-compaction-retention=90m"},
        {"--corrupt-check-time=1s"},
        {"--discovery-dial-timeout=1s", "--discovery-insecure-transport=false"},
        {"--feature-gates=CompactHashCheck=true,InitialCorruptCheck=true"},
        {"--feature-gates=AllBeta=true"},
        {"--initial-cluster=a=http://a:1,b=http://b:1,c=http://c:1"},
        {"--discovery-srv=example.com"},
        {"--discovery-token=t", "--discovery-endpoints=e"},
        {"--peer-skip-client-san-verification"},
        {"--auth-token=jwt,pub-key=a", "--auth-token-ttl=0", "--bcrypt-cost=99"},
        {"--auth-token="},
        {"--force-new-cluster"}}) {
    EXPECT_EQ(Refused({arguments}), "") << arguments[0];
    EXPECT_EQ(FailedToStart({arguments}), "") << arguments[0];
  }
}

TEST(CommandTest, ATraceNeedsARateAndAnAddress) {
  const Arguments enabled = {"--enable-distributed-tracing"};
  EXPECT_EQ(Refused({enabled}), "");
  const std::pair<const char*, std::string> kCases[] = {
      {"--distributed-tracing-sampling-rate=-1", "tracing sampling rate must be positive"},
      {"--distributed-tracing-sampling-rate=1000001",
       "tracing sampling rate must be less than 1000000"},
      {"--distributed-tracing-address=:1",
       "--distributed-tracing-address \":1\" must be \"host:port\" or a URL, "
       "\"http://host:port\" or \"https://host:port\""}};
  for (const auto& [flag, why] : kCases) {
    EXPECT_EQ(Refused({{"--enable-distributed-tracing", flag}}),
              "distributed tracing configurition is not valid: (" + why + ")");
    EXPECT_EQ(Refused({{flag}}), "") << "nobody looks at it";
  }
  EXPECT_EQ(
      Refused({{"--enable-distributed-tracing", "--distributed-tracing-address=http://c:4318",
                "--distributed-tracing-sampling-rate=1000000",
                "--distributed-tracing-service-name=a", "--distributed-tracing-instance-id=b"}}),
      "");
}

TEST(CommandTest, GatesMayBeSet) {
  for (const char* gates : {"LeaseCheckpoint=true", "FastLeaseKeepAlive=false",
                            "LeaseCheckpoint=true,LeaseCheckpointPersist=true",
                            "SetMemberLocalAddr=true", "AllAlpha=true"}) {
    EXPECT_EQ(Refused({{std::string("--feature-gates=") + gates}}), "") << gates;
  }
}

TEST(CommandTest, AGateThatTunesWhatIsNotThereIsToldToHaveNoEffect) {
  const Command command =
      Ran({{"--feature-gates=TxnModeWriteWithSharedBuffer=false,"
            "StopGRPCServiceOnDefrag=true"}});
  EXPECT_TRUE(std::holds_alternative<ServerConfig>(command.action));
  EXPECT_EQ(std::count_if(command.notices.begin(), command.notices.end(),
                          [](const Notice& notice) {
                            return notice.message ==
                                   "the feature gate has no effect: what it tunes is not there";
                          }),
            2);
}

TEST(CommandTest, WhatIsTheDefaultMayBeSaid) {
  EXPECT_EQ(Refused({{"--peer-auto-tls=false", "--corrupt-check-time=0",
                      "--feature-gates=CompactHashCheck=false", "--force-new-cluster=false"}}),
            "");
}

}  // namespace
}  // namespace config
