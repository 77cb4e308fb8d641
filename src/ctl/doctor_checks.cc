#include "ctl/doctor_checks.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <utility>

#include "base/duration_text.h"
#include "base/human_bytes.h"

namespace ctl {
namespace {

using Severity = Finding::Severity;

constexpr double kNearLimit = 0.8;
constexpr double kMostlyFree = 0.5;
constexpr int64_t kFreeBytesThatMatter = 100 << 20;
constexpr double kLogSyncSeconds = 0.010;
constexpr double kCommitSeconds = 0.025;
constexpr double kRoundTripSeconds = 0.150;
constexpr double kClockSeconds = 1;
constexpr uint64_t kEntriesBehind = 5000;
constexpr double kDay = 24 * 60 * 60;
constexpr double kCertificateWarning = 30 * kDay;
constexpr double kDiskFreeBytes = 256 << 20;
constexpr double kLeaderChanges = 10;

std::string Milliseconds(double seconds) {
  if (std::isinf(seconds)) return "more than the histogram's last bucket";
  return base::FormatDuration(
      std::chrono::nanoseconds(static_cast<int64_t>(std::llround(seconds * 1e6)) * 1000));
}
std::string Percent(double part) {
  return std::to_string(static_cast<int>(std::lround(part * 100))) + "%";
}
std::string Bytes(double bytes) {
  return base::HumanBytes(static_cast<uint64_t>(std::max(bytes, 0.0)));
}

// Looks at the facts one after the other.
class Diagnosis {
 public:
  explicit Diagnosis(const ClusterFacts& facts) : facts_(facts) {}

  std::vector<Finding> Run() {
    CheckReachability();
    CheckQuorum();
    CheckLeader();
    CheckVersions();
    CheckAlarms();
    for (const MemberFacts& member : facts_.endpoints) {
      if (!member.failure.empty()) continue;
      CheckProgress(member);
      CheckSpace(member);
      if (!member.metrics.has_value()) {
        Add(Severity::kNote, member.endpoint, "does not show its metrics at this address",
            "Disks, clocks and certificates were not looked at.");
        continue;
      }
      CheckDisk(member);
      CheckPeers(member);
      CheckLimits(member);
      CheckCertificates(member);
    }
    std::stable_sort(findings_.begin(), findings_.end(),
                     [](const Finding& a, const Finding& b) { return a.severity > b.severity; });
    return std::move(findings_);
  }

 private:
  void Add(Severity severity, std::string subject, std::string what, std::string advice) {
    findings_.push_back({severity, std::move(subject), std::move(what), std::move(advice)});
  }

  void CheckReachability() {
    for (const MemberFacts& member : facts_.endpoints) {
      if (member.failure.empty()) continue;
      Add(Severity::kError, member.endpoint, "does not answer: " + member.failure,
          "Look at its log, and whether the endpoint and the flags of TLS are right.");
    }
    if (!facts_.members.has_value()) return;
    std::set<uint64_t> asked;
    for (const MemberFacts& member : facts_.endpoints) {
      if (member.failure.empty()) asked.insert(member.status.header.member_id);
    }
    for (const etcd::Member& member : facts_.members->members) {
      if (member.name.empty() && member.client_urls.empty()) {
        Add(Severity::kWarning, HexId(member.id), "was added and has not started",
            "Start it with --initial-cluster-state=existing, or remove it: until then it counts as "
            "one that is missing.");
      } else if (!asked.contains(member.id)) {
        Add(Severity::kNote, member.name, "was not asked",
            "Name its endpoint, or use --cluster to ask all members.");
      }
    }
  }

  void CheckQuorum() {
    if (!facts_.members.has_value()) return;
    std::set<uint64_t> answering;
    for (const MemberFacts& member : facts_.endpoints) {
      if (member.failure.empty()) answering.insert(member.status.header.member_id);
    }
    size_t voters = 0;
    size_t alive = 0;
    bool all_asked = true;
    for (const etcd::Member& member : facts_.members->members) {
      if (member.is_learner) continue;
      ++voters;
      if (answering.contains(member.id)) ++alive;
      if (!member.name.empty() && !answering.contains(member.id)) all_asked = false;
    }
    const size_t quorum = voters / 2 + 1;
    const bool names_all = facts_.endpoints.size() >= voters;
    if (voters == 1) {
      Add(Severity::kNote, "cluster", "has one voting member",
          "Nothing is served while it is down; three members bear the loss of one.");
    } else if (voters % 2 == 0) {
      Add(Severity::kWarning, "cluster", "has " + std::to_string(voters) + " voting members",
          "It bears no more losses than with one less. Add one, or remove one.");
    }
    if (voters > 1 && names_all && !all_asked && alive == quorum) {
      Add(Severity::kWarning, "cluster",
          "lives on " + std::to_string(alive) + " of " + std::to_string(voters) + " voting members",
          "One more that is lost, and nothing is written any more: bring those back that are down, "
          "or replace them (etcdctl member remove, member add).");
    }
    if (facts_.read_failure.empty()) return;
    Add(Severity::kError, "cluster", "serves nothing: " + facts_.read_failure,
        alive < quorum && names_all
            ? "A majority of the voting members is needed. If it cannot come back, etcdutl recover "
              "makes a new cluster of what is left, and etcdutl snapshot restore of a backup."
            : "Look at the logs of its members.");
  }

  void CheckLeader() {
    std::set<uint64_t> leaders;
    for (const MemberFacts& member : facts_.endpoints) {
      if (!member.failure.empty()) continue;
      if (member.status.leader == 0) {
        Add(Severity::kError, member.endpoint, "knows of no leader",
            "It cannot reach the majority: look at the network between the members, and at "
            "--initial-advertise-peer-urls.");
      } else {
        leaders.insert(member.status.leader);
      }
    }
    if (leaders.size() < 2) return;
    Add(Severity::kWarning, "cluster", "its members name different leaders",
        "The leader has just changed, or the endpoints are of different clusters: ask again.");
  }

  void CheckVersions() {
    std::set<std::string> versions;
    std::set<uint64_t> clusters;
    for (const MemberFacts& member : facts_.endpoints) {
      if (!member.failure.empty()) continue;
      versions.insert(member.status.version);
      clusters.insert(member.status.header.cluster_id);
      if (member.status.downgrade_enabled) downgrade_ = member.status.downgrade_target_version;
    }
    if (clusters.size() > 1) {
      Add(Severity::kError, "cluster", "the endpoints are of different clusters",
          "Look at --endpoints.");
    }
    if (versions.size() > 1) {
      std::string all;
      for (const std::string& version : versions) all += (all.empty() ? "" : ", ") + version;
      Add(Severity::kWarning, "cluster", "its members have different versions: " + all,
          "That is meant for the time of an upgrade alone: finish it.");
    }
    if (!downgrade_.empty()) {
      Add(Severity::kWarning, "cluster", "is being downgraded to " + downgrade_,
          "Replace its members by that version, or cancel: etcdctl downgrade cancel.");
    }
  }

  void CheckAlarms() {
    for (const etcd::Alarm& alarm : facts_.alarms) {
      const bool is_space = alarm.type == etcd::AlarmType::kNoSpace;
      Add(Severity::kError, NameOf(alarm.member_id), "alarm " + AlarmName(alarm.type),
          is_space
              ? "Nothing is written any more. Compact (etcdctl compact), delete what is not "
                "needed, defragment, or raise --quota-backend-bytes; then etcdctl alarm disarm."
              : "Its data differ from those of the others, or cannot be read. Stop it, and "
                "replace it: etcdctl member remove, member add.");
    }
  }

  void CheckProgress(const MemberFacts& member) {
    uint64_t furthest = 0;
    for (const MemberFacts& other : facts_.endpoints) {
      if (other.failure.empty()) furthest = std::max(furthest, other.status.raft_index);
    }
    const uint64_t applied = member.status.raft_applied_index;
    if (applied + kEntriesBehind < furthest) {
      Add(Severity::kWarning, member.endpoint,
          "is " + std::to_string(furthest - applied) + " entries behind",
          "If that number does not fall, its disk or its network is too slow.");
    }
    if (member.status.is_learner) {
      Add(Severity::kNote, member.endpoint, "is a learner, and does not vote",
          "etcdctl member promote, once it has caught up.");
    }
  }

  void CheckSpace(const MemberFacts& member) {
    const auto in_use = static_cast<double>(member.status.db_size_in_use);
    const auto quota = static_cast<double>(member.status.db_size_quota);
    if (quota > 0 && in_use >= kNearLimit * quota) {
      Add(Severity::kWarning, member.endpoint,
          "uses " + Percent(in_use / quota) + " of its quota of " + Bytes(quota),
          "At 100% nothing is written any more. Compact, delete what is not needed, or raise "
          "--quota-backend-bytes.");
    }
    const int64_t free_bytes = member.status.db_size - member.status.db_size_in_use;
    const auto share = static_cast<double>(free_bytes) / static_cast<double>(member.status.db_size);
    if (free_bytes > kFreeBytesThatMatter && share > kMostlyFree) {
      Add(Severity::kNote, member.endpoint,
          Bytes(static_cast<double>(free_bytes)) + " of its database are free pages",
          "etcdctl defrag gives them back to the disk, one member after the other.");
    }
    const auto disk = member.metrics.has_value()
                          ? member.metrics->Value("cornerstore_disk_free_bytes")
                          : std::nullopt;
    if (disk.has_value() && *disk < kDiskFreeBytes) {
      Add(Severity::kError, member.endpoint, "its disk has " + Bytes(*disk) + " left",
          "Make room before writes are refused.");
    }
  }

  void CheckDisk(const MemberFacts& member) {
    CheckQuantile(member, "etcd_disk_wal_fsync_duration_seconds", kLogSyncSeconds,
                  "the log's disk is slow: of a hundred syncs one takes up to ",
                  "Each write waits for them, and heartbeats may. Give the log a disk of its own "
                  "(--wal-dir), or a faster one.");
    CheckQuantile(member, "etcd_disk_backend_commit_duration_seconds", kCommitSeconds,
                  "the database's disk is slow: of a hundred commits one takes up to ",
                  "Look at what else uses the disk.");
  }

  void CheckPeers(const MemberFacts& member) {
    CheckQuantile(member, "etcd_network_peer_round_trip_time_seconds", kRoundTripSeconds,
                  "the way to the other members is long: of a hundred round trips one takes up to ",
                  "Set --election-timeout to ten of them, and --heartbeat-interval to one.");
    for (const auto& sample :
         member.metrics->Samples("cornerstore_peer_clock_difference_seconds")) {
      if (std::abs(sample.value) < kClockSeconds) continue;
      const auto to = sample.labels.find("To");
      Add(Severity::kWarning, member.endpoint,
          "its clock is " + Milliseconds(std::abs(sample.value)) +
              (sample.value > 0 ? " ahead of that of " : " behind that of ") +
              (to == sample.labels.end() ? "another" : NameOfHex(to->second)),
          "Leases and certificates are judged by clocks: look at NTP on both machines.");
    }
    const auto changes = member.metrics->Value("etcd_server_leader_changes_seen_total");
    if (changes.value_or(0) >= kLeaderChanges) {
      Add(Severity::kNote, member.endpoint,
          "has seen " + std::to_string(static_cast<int64_t>(*changes)) +
              " changes of the leader since it started",
          "Many within a short time come from slow disks, full processors, or a network that is "
          "slower than --heartbeat-interval and --election-timeout expect.");
    }
  }

  void CheckLimits(const MemberFacts& member) {
    CheckShare(member, "process_open_fds", "process_max_fds", "file descriptors",
               "Raise LimitNOFILE, or look for clients that open a connection for each request.");
    CheckShare(member, "cornerstore_client_memory_bytes", "cornerstore_client_memory_max_bytes",
               "the memory it holds for clients",
               "Clients read too slowly, or ask for too much at once; or raise "
               "--client-memory-bytes.");
  }

  void CheckCertificates(const MemberFacts& member) {
    const double now = static_cast<double>(facts_.now.unix_nanos) / 1e9;
    for (const auto& sample :
         member.metrics->Samples("cornerstore_tls_certificate_expiry_seconds")) {
      const double left = sample.value - now;
      if (left > kCertificateWarning) continue;
      const auto flag = sample.labels.find("flag");
      const std::string name = flag == sample.labels.end() ? "a flag" : "--" + flag->second;
      const auto days = static_cast<int64_t>(left / kDay);
      Add(left > 0 ? Severity::kWarning : Severity::kError, member.endpoint,
          "the certificate of " + name +
              (left > 0 ? " expires in " + std::to_string(days) + (days == 1 ? " day" : " days")
                        : " has expired"),
          "Put a new one, with its key, in the place of the files: they are read again without a "
          "restart.");
    }
  }

  void CheckQuantile(const MemberFacts& member, std::string_view histogram, double limit,
                     const std::string& what, const std::string& advice) {
    const auto value = member.metrics->Quantile(histogram, 0.99);
    if (!value.has_value() || *value <= limit * 1.7) return;  // buckets double
    Add(Severity::kWarning, member.endpoint, what + Milliseconds(*value), advice);
  }
  void CheckShare(const MemberFacts& member, std::string_view part, std::string_view whole,
                  const std::string& of, const std::string& advice) {
    const auto used = member.metrics->Value(part);
    const auto most = member.metrics->Value(whole);
    if (!used.has_value() || most.value_or(0) <= 0 || *used < kNearLimit * *most) return;
    Add(Severity::kWarning, member.endpoint, "uses " + Percent(*used / *most) + " of " + of,
        advice);
  }

  std::string NameOf(uint64_t id) const {
    if (facts_.members.has_value()) {
      for (const etcd::Member& member : facts_.members->members) {
        if (member.id == id && !member.name.empty()) return member.name;
      }
    }
    return HexId(id);
  }
  std::string NameOfHex(const std::string& text) const {
    if (!facts_.members.has_value()) return text;
    for (const etcd::Member& member : facts_.members->members) {
      if (HexId(member.id) == text && !member.name.empty()) return member.name;
    }
    return text;
  }

  const ClusterFacts& facts_;
  std::vector<Finding> findings_;
  std::string downgrade_;
};

}  // namespace

std::string SeverityName(Severity severity) {
  switch (severity) {
    case Severity::kNote:
      return "note";
    case Severity::kWarning:
      return "warning";
    case Severity::kError:
      return "error";
  }
  return "";
}

std::vector<Finding> Diagnose(const ClusterFacts& facts) {
  return Diagnosis(facts).Run();
}

}  // namespace ctl
