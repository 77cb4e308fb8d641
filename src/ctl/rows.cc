#include "ctl/rows.h"

#include "base/duration_text.h"
#include "base/go_text.h"
#include "base/human_bytes.h"

namespace ctl {
namespace {

std::string Truth(bool value) {
  return value ? "true" : "false";
}

// What is not limited is not told.
std::string Limit(uint64_t number) {
  return number == 0 ? "" : std::to_string(number);
}

}  // namespace

Rows MemberRows(const etcd::MemberListResponse& response) {
  Rows rows{{"ID", "Status", "Name", "Peer Addrs", "Client Addrs", "Is Learner"}, {}};
  for (const etcd::Member& member : response.members) {
    rows.rows.push_back({HexId(member.id), member.name.empty() ? "unstarted" : "started",
                         member.name, base::Join(member.peer_urls, ","),
                         base::Join(member.client_urls, ","), Truth(member.is_learner)});
  }
  return rows;
}

Rows HealthRows(const std::vector<EndpointHealth>& endpoints) {
  Rows rows{{"endpoint", "health", "took", "error"}, {}};
  for (const EndpointHealth& health : endpoints) {
    rows.rows.push_back({health.endpoint, Truth(health.healthy), health.took, health.error});
  }
  return rows;
}

Rows StatusRows(const std::vector<EndpointStatus>& endpoints) {
  Rows rows{{"endpoint", "ID", "version", "storage version", "db size", "in use",
             "percentage not in use", "quota", "is leader", "is learner", "raft term", "raft index",
             "raft applied index", "errors", "downgrade target version", "downgrade enabled"},
            {}};
  for (const auto& [endpoint, status] : endpoints) {
    const int64_t unused =
        status.db_size == 0 ? 0 : 100 - status.db_size_in_use * 100 / status.db_size;
    rows.rows.push_back({endpoint, HexId(status.header.member_id), status.version,
                         status.storage_version,
                         base::HumanBytes(static_cast<uint64_t>(status.db_size)),
                         base::HumanBytes(static_cast<uint64_t>(status.db_size_in_use)),
                         std::to_string(unused) + "%",
                         base::HumanBytes(static_cast<uint64_t>(status.db_size_quota)),
                         Truth(status.leader == status.header.member_id), Truth(status.is_learner),
                         std::to_string(status.raft_term), std::to_string(status.raft_index),
                         std::to_string(status.raft_applied_index), base::Join(status.errors, ", "),
                         status.downgrade_target_version, Truth(status.downgrade_enabled)});
  }
  return rows;
}

Rows AdmissionRuleRows(const etcd::AdmissionRuleListResponse& response) {
  Rows rows{{"name", "user", "prefix", "requests/s", "bytes/s", "burst", "memory %"}, {}};
  for (const etcd::AdmissionRule& rule : response.rules) {
    rows.rows.push_back(
        {rule.name, rule.user, rule.prefix, Limit(rule.requests_per_second),
         Limit(rule.bytes_per_second),
         rule.burst == std::chrono::milliseconds(0) ? "" : base::FormatDuration(rule.burst),
         Limit(rule.memory_percent)});
  }
  return rows;
}

Rows UsageRows(const etcd::UsageResponse& response) {
  Rows rows{{"prefix", "keys", "bytes", "revisions"}, {}};
  for (const etcd::UsageGroup& group : response.groups) {
    rows.rows.push_back({group.prefix, std::to_string(group.keys), std::to_string(group.bytes),
                         std::to_string(group.revisions)});
  }
  return rows;
}

Rows HashKvRows(const std::vector<EndpointHashKv>& endpoints) {
  Rows rows{{"endpoint", "hash", "hash_revision"}, {}};
  for (const auto& [endpoint, hash] : endpoints) {
    rows.rows.push_back({endpoint, std::to_string(hash.hash), std::to_string(hash.hash_revision)});
  }
  return rows;
}

}  // namespace ctl
