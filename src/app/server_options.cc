#include "app/server_options.h"

#include <algorithm>
#include <map>
#include <vector>

#include "config/auto_compaction.h"
#include "config/url.h"
#include "state/admission/rules.h"
#include "state/v2/store.h"

namespace app {
namespace {

std::vector<std::string> Texts(const std::vector<config::Url>& urls) {
  std::vector<std::string> texts;
  for (const config::Url& url : urls) texts.push_back(url.ToString());
  return texts;
}

void FillCluster(const config::ClusterConfig& config, server::Options* options) {
  options->join_existing_cluster = config.initial_cluster_state == config::ClusterState::kExisting;
  options->initial_cluster_token = config.initial_cluster_token;
  options->advertise_client_urls = Texts(config.advertise_client_urls);
  options->pre_vote = config.pre_vote;
  options->strict_reconfig_check = config.strict_reconfig_check;
  options->max_learners = static_cast<size_t>(std::max<int64_t>(0, config.max_learners));
  options->force_new_cluster = config.force_new_cluster;
}

base::Status FillStorage(const config::ServerConfig& config, server::Options* options) {
  const config::BackendConfig& backend = config.backend;
  if (backend.quota_bytes != 0) options->quota_backend_bytes = backend.quota_bytes;
  options->auto_defragment = backend.auto_defragment;
  options->disk_reserve_bytes = backend.disk_reserve_bytes;
  options->clear_space_alarm = backend.clear_space_alarm;
  options->scrub_bytes_per_second = backend.scrub_bytes_per_second;
  options->scrub_interval = backend.scrub_interval;
  options->refill = backend.refill_damaged;
  options->replace = backend.replace_damaged;
  options->unsafe_no_fsync = backend.unsafe_no_fsync;
  options->bootstrap_defragment_bytes = backend.bootstrap_defrag_threshold_megabytes << 20;
  if (backend.batch_interval.count() > 0) options->backend_batch_interval = backend.batch_interval;
  if (backend.batch_limit > 0) {
    options->backend_batch_limit = static_cast<size_t>(backend.batch_limit);
  }
  const config::MaintenanceConfig& maintenance = config.maintenance;
  if (maintenance.compaction_batch_limit > 0) {
    options->compaction_batch_limit = static_cast<size_t>(maintenance.compaction_batch_limit);
  }
  if (maintenance.compaction_sleep_interval.count() > 0) {
    options->compaction_sleep_interval = maintenance.compaction_sleep_interval;
  }
  if (maintenance.watch_progress_notify_interval.count() > 0) {
    options->watch_progress_notify_interval = maintenance.watch_progress_notify_interval;
  }
  options->downgrade_check_interval = maintenance.downgrade_check_time;
  options->corrupt_check_interval = maintenance.corrupt_check_time;
  options->compact_hash_check_interval = config.features.Enabled(config::Feature::kCompactHashCheck)
                                             ? maintenance.compact_hash_check_time
                                             : runtime::Duration(0);
  ASSIGN_OR_RETURN(const config::AutoCompaction automatic,
                   config::ParseAutoCompaction(maintenance.auto_compaction_mode,
                                               maintenance.auto_compaction_retention));
  options->auto_compaction = {.period = automatic.period, .revisions = automatic.revisions};
  return {};
}

}  // namespace

base::Result<server::Options> ServerOptions(const config::ServerConfig& config) {
  server::Options options;
  options.name = config.member.name;
  options.data_dir = config.member.data_dir;
  options.wal_dir = config.member.wal_dir;
  options.heartbeat_interval = config.member.heartbeat_interval;
  options.election_timeout = config.member.election_timeout;
  options.snapshot_count = config.member.snapshot_count;
  options.snapshot_catchup_entries = config.member.snapshot_catchup_entries;
  options.disk_stall_handover = config.member.disk_stall_handover;
  options.max_snapshots = config.member.max_snapshots;
  options.max_wals = config.member.max_wals;
  options.max_txn_ops = config.member.max_txn_ops;
  options.max_request_bytes = config.client_api.max_request_bytes;
  options.warning_apply_duration = config.monitoring.warning_apply_duration;
  options.lease_checkpoints = config.features.Enabled(config::Feature::kLeaseCheckpoint);
  options.keep_lease_checkpoints =
      config.features.Enabled(config::Feature::kLeaseCheckpointPersist);
  options.extensions = {admission::kExtension, v2::kExtension};
  options.fast_lease_keep_alive = config.features.Enabled(config::Feature::kFastLeaseKeepAlive);
  RETURN_IF_ERROR(FillStorage(config, &options));
  FillCluster(config.cluster, &options);
  return options;
}

base::Status SetInitialCluster(std::string_view text, server::Options* options) {
  using Cluster = std::map<std::string, std::vector<config::Url>>;
  ASSIGN_OR_RETURN(const Cluster members, config::ParseInitialCluster(text));
  options->initial_cluster.clear();
  for (const auto& [name, urls] : members) {
    options->initial_cluster.push_back({name, Texts(urls)});
  }
  return {};
}

}  // namespace app
