#include "server/metrics.h"

#include <string>
#include <utility>

#include "server/idle_metrics.h"
#include "server/server.h"
#include "server/tree_metrics.h"
#include "state/apply/request_type.h"
#include "state/members/member.h"

namespace server {
namespace {

using observe::Buckets;
using observe::Family;
using observe::MetricType;

Buckets DiskBuckets() {
  return Buckets::Exponential(0.001, 2, 14);
}

constexpr Family kFsync = {"etcd_disk_wal_fsync_duration_seconds",
                           "The latency distributions of fsync called by WAL."};
constexpr Family kLogWrite = {"etcd_disk_wal_write_duration_seconds",
                              "How long writes to the WAL take, without their fsync."};
constexpr Family kWrittenBytes = {"etcd_disk_wal_write_bytes_total",
                                  "Total number of bytes written in WAL."};
constexpr Family kCommit = {"etcd_disk_backend_commit_duration_seconds",
                            "The latency distributions of commit called by backend."};
constexpr Family kCommitWrite = {
    "etcd_debugging_disk_backend_commit_write_duration_seconds",
    "How long the backend takes to write a commit, which is all that a commit is."};
constexpr Family kSnapSave = {"etcd_debugging_snap_save_total_duration_seconds",
                              "How long it takes to save a .snap file."};
constexpr Family kSnapEncode = {"etcd_debugging_snap_save_marshalling_duration_seconds",
                                "How long it takes to encode a .snap file."};
constexpr Family kSnapFsync = {"etcd_snap_fsync_duration_seconds",
                               "How long it takes to write and fsync a .snap file."};
constexpr Family kRanges = {"etcd_mvcc_range_total", "Total number of ranges seen by this member."};
constexpr Family kPuts = {"etcd_mvcc_put_total", "Total number of puts seen by this member."};
constexpr Family kDeletes = {"etcd_mvcc_delete_total",
                             "Total number of deletes seen by this member."};
constexpr Family kTxns = {"etcd_mvcc_txn_total", "Total number of txns seen by this member."};
constexpr Family kPutBytes = {"etcd_debugging_mvcc_total_put_size_in_bytes",
                              "The total size of put kv pairs seen by this member."};
constexpr Family kApplyDuration = {"etcd_server_apply_duration_seconds",
                                   "The latency distributions of v2 apply called by backend."};
constexpr Family kSlowApply = {
    "etcd_server_slow_apply_total",
    "The total number of slow apply requests (likely overloaded from slow disk)."};
constexpr Family kRequestDuration = {"etcd_server_request_duration_seconds",
                                     "Response latency distribution in seconds for each type."};
constexpr Family kReadsSlow = {
    "etcd_server_slow_read_indexes_total",
    "The total number of pending read indexes not in sync with leader's or timed out read index "
    "requests."};
constexpr Family kPending = {"etcd_server_proposals_pending",
                             "The current number of pending proposals to commit."};
constexpr Family kFailed = {"etcd_server_proposals_failed_total",
                            "The total number of failed proposals seen."};
constexpr Family kPromoted = {"etcd_server_learner_promote_successes",
                              "The total number of successful learner promotions while this member "
                              "is leader."};
constexpr Family kNotPromoted = {
    "etcd_server_learner_promote_failures",
    "The total number of failed learner promotions (likely learner not "
    "ready) while this member is leader."};
constexpr Family kReadsFailed = {"etcd_server_read_indexes_failed_total",
                                 "The total number of failed read indexes seen."};

void CollectProgress(const Server& server, observe::Samples& samples) {
  const Progress& progress = server.progress();
  const auto gauge = [&samples](const char* name, const char* help, auto value) {
    samples.Add({name, help}, MetricType::kGauge, static_cast<double>(value));
  };
  gauge("etcd_server_has_leader", "Whether or not a leader exists. 1 is existence, 0 is not.",
        progress.leader != 0 ? 1 : 0);
  gauge("etcd_server_is_leader", "Whether or not this member is a leader. 1 if is, 0 otherwise.",
        progress.leader == server.id().value() ? 1 : 0);
  gauge("etcd_server_proposals_committed_total",
        "The total number of consensus proposals committed.", progress.committed.load());
  gauge("etcd_server_proposals_applied_total", "The total number of consensus proposals applied.",
        progress.applied.load());
  samples.Add({"etcd_server_leader_changes_seen_total", "The number of leader changes seen."},
              MetricType::kCounter, static_cast<double>(progress.leader_changes));
}

void CollectAuth(const Server& server, observe::Samples& samples) {
  const uint64_t revision = server.state()->auth_view().Get()->revision;
  samples.Add({"etcd_debugging_auth_revision", "The revision of users and roles."},
              MetricType::kGauge, static_cast<double>(revision));
}

void CollectIdentity(const Server& server, observe::Samples& samples) {
  const auto view = server.state()->view().Get();
  const std::string own_id = members::HexText(server.id().value());
  bool is_learner = false;
  for (const members::Member& member : view->members) {
    is_learner = is_learner || (member.id == server.id() && member.is_learner);
    samples.Add({"etcd_network_known_peers", "The members that this one knows, itself among them."},
                MetricType::kGauge, 1,
                {{"Local", own_id}, {"Remote", members::HexText(member.id.value())}});
  }
  samples.Add(
      {"etcd_server_is_learner", "Whether or not this member is a learner. 1 if is, 0 otherwise."},
      MetricType::kGauge, is_learner ? 1 : 0);
  samples.Add({"etcd_server_id",
               "Server or member ID in hexadecimal format. 1 for 'server_id' "
               "label with current ID."},
              MetricType::kGauge, 1, {{"server_id", own_id}});
  samples.Add({"etcd_server_version",
               "Which version is running. 1 for 'server_version' label with "
               "current version."},
              MetricType::kGauge, 1, {{"server_version", std::string(kVersion)}});
  samples.Add({"etcd_server_go_version",
               "The version of Go that the server runs with, which is none of them."},
              MetricType::kGauge, 1, {{"server_go_version", "none"}});
  if (!view->cluster_version.empty()) {
    const std::string minor = view->cluster_version.substr(0, view->cluster_version.rfind('.'));
    samples.Add({"etcd_cluster_version",
                 "Which version is running. 1 for 'cluster_version' label "
                 "with current cluster version"},
                MetricType::kGauge, 1, {{"cluster_version", minor}});
  }
}

void CollectAlarms(const Server& server, observe::Samples& samples) {
  const auto view = server.state()->view().Get();
  for (const alarms::Alarm& alarm : view->alarms) {
    samples.Add({"etcd_debugging_server_alarms",
                 "Alarms for every member in cluster. 1 for 'server_id' label with current ID. 2 "
                 "for 'alarm_type' label with type of this alarm"},
                MetricType::kGauge, 1,
                {{"server_id", members::HexText(alarm.member.value())},
                 {"alarm_type", alarm.type == alarms::Type::kNoSpace ? "NOSPACE" : "CORRUPT"}});
  }
}

void CollectStore(Server& server, observe::Samples& samples) {
  const std::shared_ptr<apply::State> state = server.state();
  const backend::Sizes sizes = state->database().sizes();
  const auto gauge = [&samples](const char* name, const char* help, auto value) {
    samples.Add({name, help}, MetricType::kGauge, static_cast<double>(value));
  };
  gauge("etcd_server_quota_backend_bytes", "Current backend storage quota size in bytes.",
        server.options().quota_backend_bytes);
  gauge("cornerstore_disk_free_bytes",
        "What is free on the disks of the database and of the log, where there is less.",
        server.progress().disk_free.load());
  gauge("cornerstore_awaits_snapshot",
        "Whether the database is lost or damaged, and a snapshot of another member awaited.",
        server.progress().awaits_snapshot.load());
  gauge("etcd_mvcc_db_total_size_in_bytes",
        "Total size of the underlying database physically allocated in bytes.", sizes.allocated);
  gauge("etcd_mvcc_db_total_size_in_use_in_bytes",
        "Total size of the underlying database logically in use in bytes.", sizes.in_use);
  gauge("etcd_mvcc_db_open_read_transactions", "Read transactions of the database that are open.",
        state->database().open_readers());
  mvcc::Store& store = state->store();
  gauge("etcd_debugging_mvcc_current_revision", "The current revision of store.",
        store.revision().value());
  gauge("etcd_debugging_mvcc_compact_revision", "The revision of the last compaction in store.",
        store.compact_revision().value());
  mvcc::Reads reads(&store);
  const auto pin = reads.Pin(base::Revision(0));
  if (pin.ok()) {
    gauge("etcd_debugging_mvcc_keys_total", "Total number of keys.",
          (*pin)->Count(mvcc::KeyRange::All()));
  }
}

constexpr Family kDefragment = {"etcd_disk_backend_defrag_duration_seconds",
                                "The latency distribution of backend defragmentation."};
constexpr Family kDefragmenting = {
    "etcd_disk_defrag_inflight",
    "Whether or not defrag is active on the member. 1 means active, 0 means not."};

}  // namespace

LogMetrics::LogMetrics(observe::Registry* registry)
    : write_seconds(registry->AddHistogram(kLogWrite, DiskBuckets())),
      fsync_seconds(registry->AddHistogram(kFsync, DiskBuckets())),
      written_bytes(registry->AddGauge(kWrittenBytes)) {}

SnapshotFileMetrics::SnapshotFileMetrics(observe::Registry* registry)
    : seconds(registry->AddHistogram(kSnapSave, DiskBuckets())),
      encode_seconds(registry->AddHistogram(kSnapEncode, DiskBuckets())),
      fsync_seconds(registry->AddHistogram(kSnapFsync, DiskBuckets())) {}

DefragmentMetrics::DefragmentMetrics(observe::Registry* registry)
    : seconds(registry->AddHistogram(kDefragment, Buckets::Exponential(0.1, 2, 13))),
      defragmenting(registry->AddGauge(kDefragmenting)) {}

CommitMetrics::CommitMetrics(observe::Registry* registry)
    : seconds_(registry->AddHistogram(kCommit, DiskBuckets())),
      write_seconds_(registry->AddHistogram(kCommitWrite, DiskBuckets())) {}

void CommitMetrics::Observe(runtime::Duration took) {
  seconds_.Observe(took);
  write_seconds_.Observe(took);
}

OperationMetrics::OperationMetrics(observe::Registry* registry)
    : ranges_(registry->AddCounter(kRanges)),
      puts_(registry->AddCounter(kPuts)),
      deletes_(registry->AddCounter(kDeletes)),
      txns_(registry->AddCounter(kTxns)),
      put_bytes_(registry->AddGauge(kPutBytes)) {}

void OperationMetrics::Add(const kv::OperationCounts& counts) {
  ranges_.Add(static_cast<double>(counts.ranges));
  puts_.Add(static_cast<double>(counts.puts));
  deletes_.Add(static_cast<double>(counts.deletes));
  txns_.Add(static_cast<double>(counts.txns));
  put_bytes_.Add(static_cast<double>(counts.put_bytes));
}

RequestDurations::RequestDurations(observe::Registry* registry, const Family& family,
                                   const Buckets& buckets, std::string type_label,
                                   const observe::Labels& labels)
    : registry_(registry),
      family_(family),
      buckets_(buckets),
      type_label_(std::move(type_label)),
      labels_(labels) {}

void RequestDurations::Observe(uint32_t field, bool success, runtime::Duration took) {
  const uint64_t kind = uint64_t{field} * 2 + (success ? 1 : 0);
  auto found = histograms_.find(kind);
  if (found == histograms_.end()) {
    observe::Labels labels = labels_;
    labels.emplace_back(type_label_, apply::RequestTypeName(field));
    labels.emplace_back("success", success ? "true" : "false");
    found = histograms_.emplace(kind, registry_->AddHistogram(family_, buckets_, labels)).first;
  }
  found->second.Observe(took);
}

RequestDurations ApplyDurations(observe::Registry* registry) {
  return {registry, kApplyDuration, Buckets::Exponential(0.0001, 2, 20), "op", {{"version", "v3"}}};
}

RequestDurations ProposalDurations(observe::Registry* registry) {
  return {registry, kRequestDuration, DiskBuckets(), "type", {}};
}

observe::Histogram ReadDuration(observe::Registry* registry, const std::string& type,
                                bool success) {
  return registry->AddHistogram(kRequestDuration, DiskBuckets(),
                                {{"type", type}, {"success", success ? "true" : "false"}});
}

observe::Counter SlowRequests(observe::Registry* registry) {
  return registry->AddCounter(kSlowApply);
}

FrontendMetrics::FrontendMetrics(observe::Registry* registry)
    : proposals_pending(registry->AddGauge(kPending)),
      proposals_failed(registry->AddCounter(kFailed)),
      reads_failed(registry->AddCounter(kReadsFailed)),
      reads_slow(registry->AddCounter(kReadsSlow)),
      durations(ProposalDurations(registry)) {}

PromotionMetrics::PromotionMetrics(observe::Registry* registry)
    : registry_(registry), successes_(registry->AddCounter(kPromoted)) {}

void PromotionMetrics::Observe(const base::Status& status) {
  if (status.ok()) return successes_.Add();
  auto found = failures_.find(status.message());
  if (found == failures_.end()) {
    const std::string why(status.message());
    found = failures_.emplace(why, registry_->AddCounter(kNotPromoted, {{"Reason", why}})).first;
  }
  found->second.Add();
}

void AddServerMetrics(Server* server, observe::Registry* registry) {
  registry->AddCollector([server](observe::Samples& samples) {
    CollectProgress(*server, samples);
    CollectIdentity(*server, samples);
    CollectAuth(*server, samples);
    CollectAlarms(*server, samples);
    CollectStore(*server, samples);
    CollectTree(*server->state()->v2().statistics(), samples);
  });
  AddIdleMetrics(registry);
}

}  // namespace server
