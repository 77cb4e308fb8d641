#include "server/metrics.h"

#include <string>

#include "server/server.h"
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
constexpr Family kWrittenBytes = {"etcd_disk_wal_write_bytes_total",
                                  "Total number of bytes written in WAL."};
constexpr Family kCommit = {"etcd_disk_backend_commit_duration_seconds",
                            "The latency distributions of commit called by backend."};
constexpr Family kPuts = {"etcd_mvcc_put_total", "Total number of puts seen by this member."};
constexpr Family kDeletes = {"etcd_mvcc_delete_total",
                             "Total number of deletes seen by this member."};
constexpr Family kTxns = {"etcd_mvcc_txn_total", "Total number of txns seen by this member."};
constexpr Family kPending = {"etcd_server_proposals_pending",
                             "The current number of pending proposals to commit."};
constexpr Family kFailed = {"etcd_server_proposals_failed_total",
                            "The total number of failed proposals seen."};
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

void CollectIdentity(const Server& server, observe::Samples& samples) {
  const auto view = server.view();
  bool is_learner = false;
  for (const members::Member& member : view->members) {
    is_learner = is_learner || (member.id == server.id() && member.is_learner);
  }
  samples.Add(
      {"etcd_server_is_learner", "Whether or not this member is a learner. 1 if is, 0 otherwise."},
      MetricType::kGauge, is_learner ? 1 : 0);
  samples.Add({"etcd_server_id",
               "Server or member ID in hexadecimal format. 1 for 'server_id' "
               "label with current ID."},
              MetricType::kGauge, 1, {{"server_id", members::HexText(server.id().value())}});
  samples.Add({"etcd_server_version",
               "Which version is running. 1 for 'server_version' label with "
               "current version."},
              MetricType::kGauge, 1, {{"server_version", std::string(kVersion)}});
  if (!view->cluster_version.empty()) {
    const std::string minor = view->cluster_version.substr(0, view->cluster_version.rfind('.'));
    samples.Add({"etcd_cluster_version",
                 "Which version is running. 1 for 'cluster_version' label "
                 "with current cluster version"},
                MetricType::kGauge, 1, {{"cluster_version", minor}});
  }
}

void CollectStore(Server& server, observe::Samples& samples) {
  const backend::Sizes sizes = server.database().sizes();
  const auto gauge = [&samples](const char* name, const char* help, auto value) {
    samples.Add({name, help}, MetricType::kGauge, static_cast<double>(value));
  };
  gauge("etcd_server_quota_backend_bytes", "Current backend storage quota size in bytes.",
        server.options().quota_backend_bytes);
  gauge("etcd_mvcc_db_total_size_in_bytes",
        "Total size of the underlying database physically allocated in bytes.", sizes.allocated);
  gauge("etcd_mvcc_db_total_size_in_use_in_bytes",
        "Total size of the underlying database logically in use in bytes.", sizes.in_use);
  mvcc::Store& store = server.store();
  gauge("etcd_debugging_mvcc_current_revision", "The current revision of store.",
        store.revision().value());
  gauge("etcd_debugging_mvcc_compact_revision", "The revision of the last compaction in store.",
        store.compact_revision().value());
  const auto pin = store.Pin(base::Revision(0));
  if (pin.ok()) {
    gauge("etcd_debugging_mvcc_keys_total", "Total number of keys.",
          (*pin)->Count(mvcc::KeyRange::All()));
  }
}

}  // namespace

LogMetrics::LogMetrics(observe::Registry* registry)
    : fsync_seconds(registry->AddHistogram(kFsync, DiskBuckets())),
      written_bytes(registry->AddGauge(kWrittenBytes)) {}

ApplyMetrics::ApplyMetrics(observe::Registry* registry)
    : commit_seconds(registry->AddHistogram(kCommit, DiskBuckets())),
      puts(registry->AddCounter(kPuts)),
      deletes(registry->AddCounter(kDeletes)),
      txns(registry->AddCounter(kTxns)) {}

FrontendMetrics::FrontendMetrics(observe::Registry* registry)
    : proposals_pending(registry->AddGauge(kPending)),
      proposals_failed(registry->AddCounter(kFailed)),
      reads_failed(registry->AddCounter(kReadsFailed)) {}

void AddServerMetrics(Server* server, observe::Registry* registry) {
  registry->AddCollector([server](observe::Samples& samples) {
    CollectProgress(*server, samples);
    CollectIdentity(*server, samples);
    CollectStore(*server, samples);
  });
}

}  // namespace server
