#include "config/config_file.h"

#include <gtest/gtest.h>

#include <limits>

#include "config/flag_table.h"
#include "config/flag_value.h"

namespace config {
namespace {

ServerConfig Parsed(std::string_view text) {
  auto file = ParseConfigFile("etcd.yaml", text);
  EXPECT_TRUE(file.ok()) << file.status().ToString();
  return file.ok() ? std::move(file->config) : ServerConfig();
}

std::string Failure(std::string_view text) {
  return std::string(ParseConfigFile("etcd.yaml", text).status().message());
}

TEST(ConfigFileTest, AnEmptyFileGivesTheDefaults) {
  const ServerConfig config = Parsed("");
  for (const Flag& flag : AllFlags()) {
    if (flag.name == "config-file") continue;
    EXPECT_EQ(FormatFlag(flag, config), FormatFlag(flag, ServerConfig())) << flag.name;
  }
  EXPECT_EQ(config.config_file, "etcd.yaml");
}

TEST(ConfigFileTest, ReadsEveryTypeOfValue) {
  const ServerConfig config = Parsed(R"(
name: 17
pre-vote: no
heartbeat-interval: 200
quota-backend-bytes: -1
max-concurrent-streams: 8
warning-apply-duration: 250000000
listen-client-urls: http://127.0.0.1:2,http://127.0.0.1:1
cipher-suites: [A, "B,C"]
host-whitelist: a,b
cors: http://example.com:80
initial-cluster-state: existing
feature-gates: CompactHashCheck=false
)");
  EXPECT_EQ(config.member.name, "17");
  EXPECT_FALSE(config.cluster.pre_vote);
  EXPECT_EQ(config.member.heartbeat_interval, std::chrono::milliseconds(200));
  EXPECT_EQ(config.backend.quota_bytes, -1);
  EXPECT_EQ(config.client_api.max_concurrent_streams, 8u);
  EXPECT_EQ(config.monitoring.warning_apply_duration, std::chrono::milliseconds(250));
  EXPECT_EQ(JoinUrls(config.listen.client_urls), "http://127.0.0.1:1,http://127.0.0.1:2");
  EXPECT_EQ(config.security.cipher_suites, (std::vector<std::string>{"A", "B,C"}));
  EXPECT_EQ(config.client_api.host_whitelist, (std::set<std::string>{"a", "b"}));
  EXPECT_EQ(config.cors.values, (std::set<std::string>{"http://example.com:80"}));
  EXPECT_EQ(config.cluster.initial_cluster_state, ClusterState::kExisting);
  EXPECT_FALSE(config.features.Enabled(Feature::kCompactHashCheck));
}

TEST(ConfigFileTest, WholeNumbersMayHaveAFractionOrAnExponent) {
  const ServerConfig config = Parsed(R"(
quota-backend-bytes: 8e9
snapshot-count: 1000.0
heartbeat-interval: +1E2
warning-apply-duration: 2.5e8
max-wals: 0x10
snapshot-catchup-entries: 18446744073709551615
)");
  EXPECT_EQ(config.backend.quota_bytes, 8'000'000'000);
  EXPECT_EQ(config.member.snapshot_count, 1000u);
  EXPECT_EQ(config.member.heartbeat_interval, std::chrono::milliseconds(100));
  EXPECT_EQ(config.monitoring.warning_apply_duration, std::chrono::milliseconds(250));
  EXPECT_EQ(config.member.max_wals, 16u);
  EXPECT_EQ(config.member.snapshot_catchup_entries, std::numeric_limits<uint64_t>::max());
}

TEST(ConfigFileTest, OfAKeyThatIsThereTwiceTheLastCounts) {
  const ServerConfig config = Parsed(
      "name: a\nname: b\nlog-outputs: [stdout]\nlog-outputs: [stderr]\n"
      "client-transport-security: {cert-file: c, cert-file: d}\n");
  EXPECT_EQ(config.member.name, "b");
  EXPECT_EQ(config.log.outputs, (std::vector<std::string>{"stderr"}));
  EXPECT_EQ(config.client_tls.cert_file, "d");
}

TEST(ConfigFileTest, ASectionThatIsThereTwiceIsTheLast) {
  const ServerConfig config = Parsed(
      "client-transport-security: {cert-file: c, key-file: k}\n"
      "client-transport-security: {cert-file: d}\n"
      "name: a\nname: ~\n");
  EXPECT_EQ(config.client_tls.cert_file, "d");
  EXPECT_EQ(config.client_tls.key_file, "");
  EXPECT_EQ(config.member.name, "default");
}

TEST(ConfigFileTest, TheCaseOfKeysAndSectionsDoesNotCount) {
  const ServerConfig config = Parsed(R"(
Name: q
Quota-Backend-Bytes: 5000000
Client-Transport-Security:
  cert-file: server.crt
  Client-Cert-Auth: true
  Trusted-CA-File: ca.crt
DISCOVERY-config:
  Client: {ENDPOINTS: [e1], secure: {Insecure-Transport: false}}
)");
  EXPECT_EQ(config.member.name, "q");
  EXPECT_EQ(config.backend.quota_bytes, 5'000'000);
  EXPECT_EQ(config.client_tls.cert_file, "server.crt");
  EXPECT_TRUE(config.client_tls.client_cert_auth);
  EXPECT_EQ(config.client_tls.trusted_ca_file, "ca.crt");
  EXPECT_EQ(config.discovery.endpoints, (std::vector<std::string>{"e1"}));
  EXPECT_FALSE(config.discovery.insecure_transport);
}

TEST(ConfigFileTest, OfSeveralSpellingsTheLastByItsBytesCounts) {
  const ServerConfig config = Parsed(R"(
name: low
NAME: high
Name: middle
max-wals: 3
Max-Wals: 4
feature-gates: CompactHashCheck=false
Feature-Gates: FastLeaseKeepAlive=false
Listen-Client-Urls: nonsense
listen-client-urls: http://127.0.0.1:1
client-transport-security: {cert-file: low, key-file: ~}
Client-Transport-Security: {CERT-FILE: high, key-file: high}
Log-Level: debug
log-level: ~
)");
  EXPECT_EQ(config.member.name, "low");
  EXPECT_EQ(config.member.max_wals, 3u);
  EXPECT_FALSE(config.features.Enabled(Feature::kCompactHashCheck));
  EXPECT_TRUE(config.features.Enabled(Feature::kFastLeaseKeepAlive));
  EXPECT_EQ(JoinUrls(config.listen.client_urls), "http://127.0.0.1:1");
  EXPECT_EQ(config.client_tls.cert_file, "low");
  EXPECT_EQ(config.client_tls.key_file, "high");
  EXPECT_EQ(config.log.level, "debug");
}

TEST(ConfigFileTest, ReadsNestedSections) {
  const ServerConfig config = Parsed(R"(
client-transport-security:
  cert-file: server.crt
  allowed-hostname: [one, two]
socket-options:
  reuse-port: true
discovery-config:
  token: t
  client:
    endpoints: [e1, e2]
    secure:
      insecure-transport: false
)");
  EXPECT_EQ(config.client_tls.cert_file, "server.crt");
  EXPECT_EQ(config.client_tls.allowed_hostnames, (std::vector<std::string>{"one", "two"}));
  EXPECT_TRUE(config.listen.reuse_port);
  EXPECT_EQ(config.discovery.token, "t");
  EXPECT_EQ(config.discovery.endpoints, (std::vector<std::string>{"e1", "e2"}));
  EXPECT_FALSE(config.discovery.insecure_transport);
}

TEST(ConfigFileTest, ReadsJson) {
  const ServerConfig config = Parsed(R"({"name": "j", "peer-transport-security": {"auto-tls":true},
    "log-outputs": ["stdout"]})");
  EXPECT_EQ(config.member.name, "j");
  EXPECT_TRUE(config.peer_tls.auto_tls);
  EXPECT_EQ(config.log.outputs, (std::vector<std::string>{"stdout"}));
}

TEST(ConfigFileTest, AWordForTrueOrFalseIsATextInQuotes) {
  EXPECT_EQ(Parsed("name: 'y'").member.name, "y");
  EXPECT_EQ(Parsed("name: !!str no").member.name, "no");
  EXPECT_EQ(Parsed("name: tRuE").member.name, "tRuE");
}

TEST(ConfigFileTest, PassesOverUnknownKeysAndKeysWithoutValue) {
  const ServerConfig config = Parsed("unknown: {a: [1]}\nname:\ndata-dir: ~\ncors: ''\n");
  EXPECT_EQ(config.member.name, "default");
  EXPECT_EQ(config.cors.values, (std::set<std::string>{"*"}));
}

TEST(ConfigFileTest, RemembersWhichFlagsAreInIt) {
  const auto file = ParseConfigFile("f", "name: a\npeer-transport-security: {cert-file: c}\n");
  ASSERT_TRUE(file.ok());
  EXPECT_EQ(file->given, (std::set<std::string_view>{"name", "peer-cert-file"}));
}

TEST(ConfigFileTest, FailuresNameFileAndKey) {
  const std::pair<const char*, const char*> kRefused[] = {
      {"pre-vote: 'true'", "etcd.yaml: pre-vote: expected true or false"},
      {"pre-vote: 3", "etcd.yaml: pre-vote: expected true or false"},
      {"snapshot-count: '5'", "etcd.yaml: snapshot-count: expected an integer"},
      {"snapshot-count: five", "etcd.yaml: snapshot-count: parse error"},
      {"snapshot-count: -5", "etcd.yaml: snapshot-count: parse error"},
      {"warning-apply-duration: 5s",
       "etcd.yaml: warning-apply-duration: expected a whole number of nanoseconds"},
      {"name: [a]", "etcd.yaml: name: expected a text"},
      {"name: y", "etcd.yaml: name: expected a text"},
      {"Name: Off", "etcd.yaml: Name: expected a text"},
      {"host-whitelist: true", "etcd.yaml: host-whitelist: expected a text"},
      {"log-outputs: [n]", "etcd.yaml: log-outputs: expected a list of texts"},
      {"Name: [a]\nname: b", "etcd.yaml: Name: expected a text"},
      {"Snapshot-Count: -5", "etcd.yaml: Snapshot-Count: parse error"},
      {"quota-backend-bytes: 18446744073709551615",
       "etcd.yaml: quota-backend-bytes: value out of range"},
      {"log-outputs: stdout", "etcd.yaml: log-outputs: expected a list"},
      {"log-outputs: [[a]]", "etcd.yaml: log-outputs: expected a list of texts"},
      {"client-transport-security: 5", "etcd.yaml: invalid client-transport-security"},
      {"client-transport-security: {cert-file: []}",
       "etcd.yaml: client-transport-security.cert-file: expected a text"},
      {"snapshot-count: 1.5", "etcd.yaml: snapshot-count: parse error"},
      {"snapshot-count: 1e30", "etcd.yaml: snapshot-count: parse error"},
      {"snapshot-count: .inf", "etcd.yaml: snapshot-count: parse error"},
      {"warning-apply-duration: 0.5",
       "etcd.yaml: warning-apply-duration: expected a whole number of nanoseconds"},
      {"listen-peer-urls: nonsense",
       "etcd.yaml: listen-peer-urls: URL scheme must be http, https, unix, or unixs: nonsense"},
      {"- a", "etcd.yaml: expected keys and values"}};
  for (const auto& [text, error] : kRefused) EXPECT_EQ(Failure(text), error);
}

TEST(ConfigFileTest, MalformedYamlIsNamedWithItsLine) {
  const std::string failure = Failure("name: a\nb: [1, 2");
  EXPECT_EQ(failure.substr(0, 11), "etcd.yaml: ");
  EXPECT_NE(failure.find("line"), std::string::npos) << failure;
}

}  // namespace
}  // namespace config
