#pragma once

#include <chrono>
#include <cstdint>
#include <limits>
#include <set>
#include <string>
#include <vector>

#include "config/feature_gates.h"
#include "config/url.h"

// What a server is told at its start, with etcd's defaults. Names follow the flags, whose meaning
// and units flag_table.cc tells; a value that a flag leaves at zero to mean etcd's usual one
// (backend-batch-limit, say) is zero here too.

namespace config {

using Duration = std::chrono::nanoseconds;

enum class ClusterState : uint8_t { kNew, kExisting };

struct MemberConfig {
  std::string name = "default";
  std::string data_dir;
  std::string wal_dir;
  uint64_t snapshot_count = 10000;
  uint64_t snapshot_catchup_entries = 5000;
  std::chrono::milliseconds heartbeat_interval{100};
  std::chrono::milliseconds election_timeout{1000};
  bool initial_election_tick_advance = true;
  uint64_t max_snapshots = 5;
  uint64_t max_wals = 5;
  uint64_t max_txn_ops = 128;
  Duration raft_read_timeout = std::chrono::seconds(5);
  Duration raft_write_timeout = std::chrono::seconds(5);
  bool disk_stall_handover = true;
  std::string raft_trace_file;
  uint64_t raft_trace_bytes = 64 << 20;
};

struct BackendConfig {
  int64_t quota_bytes = 0;
  std::string bbolt_freelist_type;
  Duration batch_interval{0};
  int64_t batch_limit = 0;
  bool memory_mlock = false;
  uint64_t bootstrap_defrag_threshold_megabytes = 0;
  bool auto_defragment = false;
  uint64_t disk_reserve_bytes = 64 << 20;
  bool clear_space_alarm = true;
  uint64_t scrub_bytes_per_second = 1 << 20;
  Duration scrub_interval = std::chrono::hours(24);
  bool refill_damaged = true;
  bool replace_damaged = false;
  bool unsafe_no_fsync = false;
};

struct ListenConfig {
  std::vector<Url> peer_urls = {{"http", "localhost", 2380, ""}};
  std::vector<Url> client_urls = {{"http", "localhost", 2379, ""}};
  std::vector<Url> client_http_urls;
  std::vector<Url> metrics_urls;
  bool reuse_port = false;
  bool reuse_address = false;
};

struct ClientApiConfig {
  uint64_t max_request_bytes = 1572864;
  uint32_t max_concurrent_streams = std::numeric_limits<uint32_t>::max();
  Duration keepalive_min_time = std::chrono::seconds(5);
  Duration keepalive_interval = std::chrono::hours(2);
  Duration keepalive_timeout = std::chrono::seconds(20);
  // What is held for clients, in bytes: for one connection, and for all of them.
  uint64_t connection_memory_bytes = uint64_t{32} << 20;
  uint64_t client_memory_bytes = uint64_t{1} << 30;
  bool enable_grpc_gateway = true;
  bool enable_v2 = false;
  std::set<std::string> host_whitelist = {"*"};
};

// Origins that browsers may call from; "*" allows all.
struct Origins {
  std::set<std::string> values = {"*"};
};

struct ClusterConfig {
  std::vector<Url> initial_advertise_peer_urls = {{"http", "localhost", 2380, ""}};
  std::vector<Url> advertise_client_urls = {{"http", "localhost", 2379, ""}};
  // In the form of ParseInitialCluster. Why not parsed: a member that has started once does not
  // look at it again, however malformed.
  std::string initial_cluster = "default=http://localhost:2380";
  ClusterState initial_cluster_state = ClusterState::kNew;
  std::string initial_cluster_token = "etcd-cluster";
  bool strict_reconfig_check = true;
  bool pre_vote = true;
  int64_t max_learners = 1;
  bool force_new_cluster = false;
  // Without effect: etcd 3.7 ignores the value.
  std::string v2_deprecation = "write-only";
};

struct DiscoveryConfig {
  std::string url;  // of API v2's service, with the token
  std::string token;
  std::vector<std::string> endpoints;
  Duration dial_timeout = std::chrono::seconds(2);
  Duration request_timeout = std::chrono::seconds(5);
  Duration keepalive_time = std::chrono::seconds(2);
  Duration keepalive_timeout = std::chrono::seconds(6);
  bool insecure_transport = true;
  bool insecure_skip_tls_verify = false;
  std::string cert;
  std::string key;
  std::string cacert;
  std::string user;
  std::string password;
  std::string srv;
  std::string srv_name;
  std::string fallback = "exit";

  // Whether the members find each other at a discovery service, of either API.
  bool has_service() const { return !url.empty() || !endpoints.empty(); }
};

struct TlsConfig {
  std::string cert_file;
  std::string key_file;
  std::string trusted_ca_file;
  std::string client_cert_file;
  std::string client_key_file;
  std::string crl_file;
  bool client_cert_auth = false;
  bool auto_tls = false;
  std::vector<std::string> allowed_cns;
  std::vector<std::string> allowed_hostnames;
  bool skip_client_san_verification = false;
};

struct SecurityConfig {
  uint64_t self_signed_cert_validity_years = 1;
  std::vector<std::string> cipher_suites;
  std::string tls_min_version = "TLS1.2";
  std::string tls_max_version;
};

struct AuthConfig {
  std::string token = "simple";
  uint64_t bcrypt_cost = 10;
  std::chrono::seconds token_ttl{300};
};

struct LogConfig {
  std::string logger = "zap";
  std::vector<std::string> outputs = {"default"};
  std::string level = "info";
  std::string format = "json";
  bool enable_rotation = false;
  std::string rotation_config_json =
      R"({"maxsize": 100, "maxage": 0, "maxbackups": 0, "localtime": false, "compress": false})";
};

struct TracingConfig {
  bool enabled = false;
  std::string address = "localhost:4317";
  std::string service_name = "etcd";
  std::string instance_id;
  int64_t sampling_rate_per_million = 0;
};

struct MonitoringConfig {
  bool enable_pprof = false;
  std::string metrics = "basic";
  Duration warning_apply_duration = std::chrono::milliseconds(100);
  Duration warning_unary_request_duration = std::chrono::milliseconds(300);
};

struct MaintenanceConfig {
  std::string auto_compaction_mode = "periodic";
  std::string auto_compaction_retention = "0";
  int64_t compaction_batch_limit = 0;
  Duration compaction_sleep_interval{0};
  Duration corrupt_check_time{0};
  Duration compact_hash_check_time = std::chrono::minutes(1);
  Duration watch_progress_notify_interval{0};
  Duration downgrade_check_time = std::chrono::seconds(5);
};

struct ServerConfig {
  MemberConfig member;
  BackendConfig backend;
  ListenConfig listen;
  ClientApiConfig client_api;
  Origins cors;
  ClusterConfig cluster;
  DiscoveryConfig discovery;
  TlsConfig client_tls;
  TlsConfig peer_tls;
  SecurityConfig security;
  AuthConfig auth;
  LogConfig log;
  TracingConfig tracing;
  MonitoringConfig monitoring;
  MaintenanceConfig maintenance;
  FeatureGates features;
  // The file that all of the above was read from; empty if it came from flags and environment.
  std::string config_file;
};

}  // namespace config
