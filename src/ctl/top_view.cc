#include "ctl/top_view.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "base/duration_text.h"
#include "base/human_bytes.h"
#include "cli/screen.h"
#include "cli/table.h"
#include "ctl/json.h"
#include "ctl/printer.h"

namespace ctl {
namespace {

using cli::Color;

constexpr double kPercentile = 0.99;
constexpr double kNearQuota = 0.8;
constexpr uint64_t kFarBehind = 5000;
constexpr double kSlowSync = 0.010;
constexpr double kSlowCommit = 0.025;
constexpr char kHandled[] = "grpc_server_handled_total";

// Of two pages of one process, how fast what counts there has grown.
class Rates {
 public:
  Rates(const MetricsText& before, const MetricsText& now, double seconds)
      : before_(before), now_(now), seconds_(seconds) {}

  std::optional<double> Of(std::string_view name, const MetricsText::Labels& labels = {}) const {
    const std::optional<double> now = now_.Sum(name, labels);
    if (!now.has_value() || seconds_ <= 0) return std::nullopt;
    const double grown = *now - before_.Sum(name, labels).value_or(0);
    // A member that was started anew counts from zero.
    return std::max(grown, 0.0) / seconds_;
  }
  // Of several methods of gRPC, those together that there are.
  std::optional<double> OfMethods(std::initializer_list<const char*> methods) const {
    std::optional<double> sum;
    for (const char* const method : methods) {
      const std::optional<double> one = Of(kHandled, {{"grpc_method", method}});
      if (one.has_value()) sum = sum.value_or(0) + *one;
    }
    return sum;
  }
  std::optional<double> P99(std::string_view histogram) const {
    return now_.QuantileSince(before_, histogram, kPercentile);
  }

 private:
  const MetricsText& before_;
  const MetricsText& now_;
  const double seconds_;
};

void AddRates(const Rates& rates, TopMember* member) {
  member->requests = rates.Of(kHandled);
  member->reads = rates.OfMethods({"Range", "RangeStream"});
  member->writes = rates.OfMethods({"Put", "Txn", "DeleteRange"});
  member->received = rates.Of("etcd_network_client_grpc_received_bytes_total");
  member->sent = rates.Of("etcd_network_client_grpc_sent_bytes_total");
  member->request_p99 = rates.P99("etcd_server_request_duration_seconds");
  member->sync_p99 = rates.P99("etcd_disk_wal_fsync_duration_seconds");
  member->commit_p99 = rates.P99("etcd_disk_backend_commit_duration_seconds");
  member->cpu = rates.Of("process_cpu_seconds_total");
}

std::string NameOf(const ClusterFacts& facts, uint64_t id) {
  if (id == 0) return "";
  if (facts.members.has_value()) {
    for (const etcd::Member& member : facts.members->members) {
      if (member.id == id && !member.name.empty()) return member.name;
    }
  }
  return HexId(id);
}

std::string AlarmsOf(const ClusterFacts& facts, uint64_t id) {
  std::string names;
  for (const etcd::Alarm& alarm : facts.alarms) {
    if (alarm.member_id == id) names += (names.empty() ? "" : " ") + AlarmName(alarm.type);
  }
  return names;
}

const MemberFacts* Find(const ClusterFacts& facts, const std::string& endpoint) {
  const auto found = std::find_if(facts.endpoints.begin(), facts.endpoints.end(),
                                  [&](const auto& one) { return one.endpoint == endpoint; });
  return found == facts.endpoints.end() ? nullptr : &*found;
}

TopMember MemberOf(const ClusterFacts& before, const ClusterFacts& now, const MemberFacts& facts,
                   double seconds) {
  TopMember member{.endpoint = facts.endpoint, .failure = facts.failure};
  if (!facts.failure.empty()) return member;
  const etcd::StatusResponse& status = facts.status;
  const uint64_t id = status.header.member_id;
  member.name = NameOf(now, id);
  member.role = status.is_learner ? "learner" : status.leader == id ? "leader" : "follower";
  member.version = status.version;
  member.alarms = AlarmsOf(now, id);
  member.db_size = status.db_size;
  member.db_size_in_use = status.db_size_in_use;
  member.db_size_quota = status.db_size_quota;
  if (status.raft_index > status.raft_applied_index) {
    member.behind = status.raft_index - status.raft_applied_index;
  }
  if (!facts.metrics.has_value()) return member;
  member.watchers = facts.metrics->Value("etcd_debugging_mvcc_watcher_total");
  member.memory = facts.metrics->Value("process_resident_memory_bytes");
  const MemberFacts* const earlier = Find(before, facts.endpoint);
  if (earlier != nullptr && earlier->metrics.has_value()) {
    AddRates(Rates(*earlier->metrics, *facts.metrics, seconds), &member);
  }
  return member;
}

std::string Count(std::optional<double> value) {
  if (!value.has_value()) return "-";
  char text[32];
  std::snprintf(text, sizeof text, *value < 10 && *value > 0 ? "%.1f" : "%.0f", *value);
  return text;
}
std::string Bytes(std::optional<double> value) {
  return value.has_value() ? base::HumanBytes(static_cast<uint64_t>(std::max(*value, 0.0))) : "-";
}
// An upper bound: of a histogram no more is known.
std::string Time(std::optional<double> seconds) {
  if (!seconds.has_value()) return "-";
  if (std::isinf(*seconds)) return "long";
  return "<" + base::FormatDuration(std::chrono::nanoseconds(
                   static_cast<int64_t>(std::llround(*seconds * 1e6)) * 1000));
}
std::string Percent(double part) {
  return std::to_string(std::lround(part * 100)) + "%";
}

double UseOf(const TopMember& member) {
  return member.db_size_quota > 0 ? static_cast<double>(member.db_size_in_use) /
                                        static_cast<double>(member.db_size_quota)
                                  : 0;
}

// What somebody should look at, of one member.
std::vector<std::string> Troubles(const TopMember& member) {
  std::vector<std::string> troubles;
  if (!member.alarms.empty()) troubles.push_back("alarm " + member.alarms);
  if (UseOf(member) >= kNearQuota) {
    troubles.push_back(Percent(UseOf(member)) + " of the quota is in use");
  }
  if (member.behind >= kFarBehind) {
    troubles.push_back(std::to_string(member.behind) + " entries are not applied");
  }
  if (member.sync_p99.value_or(0) > kSlowSync) troubles.emplace_back("syncs of the log are slow");
  if (member.commit_p99.value_or(0) > kSlowCommit) troubles.emplace_back("commits are slow");
  return troubles;
}

cli::Row RowOf(const TopMember& member) {
  if (!member.failure.empty()) {
    cli::Row row(14, "");
    row[0] = member.endpoint;
    row[1] = "away";
    return row;
  }
  const std::string quota = member.db_size_quota > 0 ? Percent(UseOf(member)) : "-";
  return {member.name,
          member.role,
          Count(member.requests),
          Count(member.reads),
          Count(member.writes),
          Bytes(member.received),
          Bytes(member.sent),
          member.cpu.has_value() ? Percent(*member.cpu) : "-",
          Time(member.request_p99),
          Time(member.sync_p99),
          Time(member.commit_p99),
          Bytes(static_cast<double>(member.db_size_in_use)),
          quota,
          Bytes(member.memory)};
}

// A member of an object.
class JsonObject {
 public:
  JsonObject& Add(const char* name, const std::string& json) {
    text_ += (text_.size() > 1 ? "," : "") + JsonString(name) + ":" + json;
    return *this;
  }
  JsonObject& AddText(const char* name, const std::string& value) {
    return Add(name, JsonString(value));
  }
  JsonObject& AddNumber(const char* name, std::optional<double> value) {
    if (!value.has_value() || std::isinf(*value)) return Add(name, "null");
    char text[32];
    std::snprintf(text, sizeof text, "%.6g", *value);
    return Add(name, text);
  }
  JsonObject& AddCount(const char* name, int64_t value) { return Add(name, std::to_string(value)); }
  std::string Text() const { return text_ + "}"; }

 private:
  std::string text_ = "{";
};

std::string Json(const TopMember& member) {
  JsonObject object;
  object.AddText("endpoint", member.endpoint);
  if (!member.failure.empty()) return object.AddText("failure", member.failure).Text();
  return object.AddText("name", member.name)
      .AddText("role", member.role)
      .AddText("version", member.version)
      .AddText("alarms", member.alarms)
      .AddNumber("requests_per_second", member.requests)
      .AddNumber("reads_per_second", member.reads)
      .AddNumber("writes_per_second", member.writes)
      .AddNumber("received_bytes_per_second", member.received)
      .AddNumber("sent_bytes_per_second", member.sent)
      .AddNumber("request_p99_seconds", member.request_p99)
      .AddNumber("sync_p99_seconds", member.sync_p99)
      .AddNumber("commit_p99_seconds", member.commit_p99)
      .AddNumber("watchers", member.watchers)
      .AddNumber("memory_bytes", member.memory)
      .AddNumber("cpu", member.cpu)
      .AddCount("db_size", member.db_size)
      .AddCount("db_size_in_use", member.db_size_in_use)
      .AddCount("db_size_quota", member.db_size_quota)
      .AddCount("behind", static_cast<int64_t>(member.behind))
      .Text();
}

}  // namespace

TopRound Compare(const ClusterFacts& before, const ClusterFacts& now) {
  TopRound round;
  round.seconds = static_cast<double>(now.now.unix_nanos - before.now.unix_nanos) / 1e9;
  round.read_failure = now.read_failure;
  for (const MemberFacts& facts : now.endpoints) {
    round.members.push_back(MemberOf(before, now, facts, round.seconds));
    if (!facts.failure.empty()) continue;
    round.revision = std::max(round.revision, facts.status.header.revision);
    if (facts.status.raft_term < round.term) continue;
    round.term = facts.status.raft_term;
    if (facts.status.leader != 0) round.leader = NameOf(now, facts.status.leader);
  }
  return round;
}

std::string TopText(const TopRound& round, const cli::Painter& paint, size_t columns) {
  std::string text =
      "leader " + (round.leader.empty() ? paint(Color::kRed, "nobody") : round.leader) + "  term " +
      std::to_string(round.term) + "  revision " + std::to_string(round.revision) + "\n";
  const auto add = [&](Color color, const std::string& line) {
    for (const std::string& part : cli::Wrap(line, columns)) text += paint(color, part) + "\n";
  };
  cli::Rows rows;
  // In an order in which most are two tables where there are 80 columns.
  rows.header = {"member", "role",     "calls/s",  "reads/s",    "writes/s",  "in/s",     "out/s",
                 "cpu",    "call p99", "sync p99", "commit p99", "db in use", "of quota", "memory"};
  for (const TopMember& member : round.members) rows.rows.push_back(RowOf(member));
  for (const cli::Rows& table : cli::SplitToFit(rows, columns)) {
    text += cli::RenderTable(table, paint);
  }
  for (const TopMember& member : round.members) {
    if (!member.failure.empty()) add(Color::kRed, member.endpoint + ": " + member.failure);
    for (const std::string& trouble : Troubles(member)) {
      add(Color::kYellow, member.name + ": " + trouble);
    }
  }
  if (!round.read_failure.empty()) add(Color::kRed, "nothing can be read: " + round.read_failure);
  return text;
}

std::string TopJson(const TopRound& round) {
  std::string members;
  for (const TopMember& member : round.members) {
    members += (members.empty() ? "" : ",") + Json(member);
  }
  return JsonObject()
             .AddText("leader", round.leader)
             .AddCount("term", static_cast<int64_t>(round.term))
             .AddCount("revision", round.revision)
             .AddText("read_failure", round.read_failure)
             .AddNumber("seconds", round.seconds)
             .Add("members", "[" + members + "]")
             .Text() +
         "\n";
}

}  // namespace ctl
