#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/status.h"
#include "observe/metrics.h"
#include "runtime/time.h"
#include "state/kv/operation_counts.h"

namespace server {

class Server;

// What the loops of a member measure, under etcd's names. Each handle is written by the one loop
// that it is made for.

struct LogMetrics {
  explicit LogMetrics(observe::Registry* registry);
  // Of one append to the log: until the system has it, and from then until the disk has.
  observe::Histogram write_seconds;
  observe::Histogram fsync_seconds;
  observe::Gauge written_bytes;
};

// Of a .snap file. Written by one worker at a time.
struct SnapshotFileMetrics {
  explicit SnapshotFileMetrics(observe::Registry* registry);
  observe::Histogram seconds;  // all of it
  observe::Histogram encode_seconds;
  observe::Histogram fsync_seconds;  // until the disk has it, under its name
};

// Of a batch, to the database.
struct CommitMetrics {
  explicit CommitMetrics(observe::Registry* registry);
  void Observe(runtime::Duration took);

 private:
  observe::Histogram seconds_;
  observe::Histogram write_seconds_;  // the one step of etcd's three that LMDB has
};

struct DefragmentMetrics {
  explicit DefragmentMetrics(observe::Registry* registry);
  observe::Histogram seconds;  // of one that succeeded
  observe::Gauge defragmenting;
};

// Operations on the keys.
class OperationMetrics {
 public:
  explicit OperationMetrics(observe::Registry* registry);
  void Add(const kv::OperationCounts& counts);

 private:
  observe::Counter ranges_;
  observe::Counter puts_;
  observe::Counter deletes_;
  observe::Counter txns_;
  observe::Gauge put_bytes_;
};

// How long requests took, by their type and outcome: histograms that come into being with the
// first request of their kind.
class RequestDurations {
 public:
  // The types are told in the label `type_label`, beside `labels`.
  RequestDurations(observe::Registry* registry, const observe::Family& family,
                   const observe::Buckets& buckets, std::string type_label,
                   const observe::Labels& labels);

  // `field`: that of InternalRaftRequest.
  void Observe(uint32_t field, bool success, runtime::Duration took);

 private:
  observe::Registry* const registry_;
  const observe::Family family_;
  const observe::Buckets buckets_;
  const std::string type_label_;
  const observe::Labels labels_;
  std::unordered_map<uint64_t, observe::Histogram> histograms_;  // by field and outcome
};

// etcd_server_apply_duration_seconds and etcd_server_request_duration_seconds.
RequestDurations ApplyDurations(observe::Registry* registry);
RequestDurations ProposalDurations(observe::Registry* registry);
// The second of these for requests that are not proposed: `type` is "Range" or "ReadonlyTxn".
observe::Histogram ReadDuration(observe::Registry* registry, const std::string& type, bool success);
// Requests whose work took too long: etcd_server_slow_apply_total.
observe::Counter SlowRequests(observe::Registry* registry);

struct FrontendMetrics {
  explicit FrontendMetrics(observe::Registry* registry);
  observe::Gauge proposals_pending;
  observe::Counter proposals_failed;
  observe::Counter reads_failed;
  observe::Counter reads_slow;  // asked for a second time
  RequestDurations durations;
};

// Learners that this member promoted as the leader, or refused to.
class PromotionMetrics {
 public:
  explicit PromotionMetrics(observe::Registry* registry);
  void Observe(const base::Status& status);

 private:
  observe::Registry* const registry_;
  observe::Counter successes_;
  std::map<std::string, observe::Counter, std::less<>> failures_;  // by why
};

// Adds what a member publishes of itself to every scrape; it outlives the scrapes.
void AddServerMetrics(Server* server, observe::Registry* registry);

}  // namespace server
