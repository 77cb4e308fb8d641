#include "base/go_text.h"
#include "base/lease_text.h"
#include "base/quote.h"
#include "ctl/append_number.h"
#include "ctl/event_command.h"
#include "ctl/printer.h"

namespace ctl {
namespace {

std::string Field(const std::string& name, const std::string& value) {
  return "\"" + name + "\" : " + value + "\n";
}
std::string Field(const std::string& name, bool value) {
  return Field(name, std::string(value ? "true" : "false"));
}
template <typename T>
requires std::is_arithmetic_v<T> std::string Field(const std::string& name, T value) {
  return Field(name, std::to_string(value));
}
std::string Quoted(const std::string& name, const std::string& value) {
  return Field(name, base::Quote(value));
}

std::string TypeName(etcd::PermissionType type) {
  switch (type) {
    case etcd::PermissionType::kRead:
      return "READ";
    case etcd::PermissionType::kWrite:
      return "WRITE";
    case etcd::PermissionType::kReadWrite:
      return "READWRITE";
  }
  return std::to_string(static_cast<int>(type));
}

class FieldsPrinter final : public Printer {
 public:
  FieldsPrinter(bool hex, std::FILE* out) : Printer("fields", out), hex_(hex) {}

  Outcome GetPart(const client::RangeView& part, const PartPlace& place) override {
    std::string& text = NewText();
    Append(part, place, &text);
    return Show(text);
  }
  Outcome Put(const etcd::PutResponse& response) override { return Show(Text(response)); }
  Outcome Delete(const etcd::DeleteResponse& response) override { return Show(Text(response)); }
  Outcome Txn(const etcd::TxnResponse& response) override { return Show(Text(response)); }

  Outcome LeaseGrant(const etcd::LeaseGrantResponse& response) override {
    return Show(Header(response.header) + Field("ID", Lease(response.id)) +
                Field("TTL", response.ttl));
  }
  Outcome LeaseRevoke(int64_t, const etcd::LeaseRevokeResponse& response) override {
    return Show(Header(response.header));
  }
  Outcome LeaseKeepAlive(const etcd::LeaseKeepAliveResponse& response) override {
    return Show(Header(response.header) + Field("ID", Lease(response.id)) +
                Field("TTL", response.ttl));
  }
  Outcome LeaseTimeToLive(const etcd::LeaseTimeToLiveResponse& response, bool) override {
    std::string text = Header(response.header) + Field("ID", Lease(response.id)) +
                       Field("TTL", response.ttl) + Field("GrantedTTL", response.granted_ttl);
    for (const std::string& key : response.keys) text += Quoted("Key", key);
    return Show(text);
  }
  Outcome LeaseList(const etcd::LeaseListResponse& response) override {
    std::string text = Header(response.header);
    for (const int64_t id : response.ids) text += Field("ID", Lease(id));
    return Show(text);
  }

  Outcome Watch(const WatchShown& shown) override {
    std::string text = Header(shown.header);
    for (const etcd::Event& event : shown.events) {
      text += Field("Type", EventTypeName(event.type));
      if (event.prev_kv.has_value()) text += Text(*event.prev_kv, "Prev");
      text += Text(event.kv);
    }
    return Show(text);
  }

  Outcome MemberList(const etcd::MemberListResponse& response) override {
    std::string text = Header(response.header);
    for (const etcd::Member& member : response.members) {
      text += Field("ID", Id(member.id)) + Quoted("Name", member.name);
      for (const std::string& url : member.peer_urls) text += Quoted("PeerURL", url);
      for (const std::string& url : member.client_urls) text += Quoted("ClientURL", url);
      text += Field("IsLearner", member.is_learner) + "\n";
    }
    return Show(text);
  }
  Outcome Alarm(const etcd::AlarmResponse& response) override {
    std::string text = Header(response.header);
    for (const etcd::Alarm& alarm : response.alarms) {
      text +=
          Field("MemberID", Id(alarm.member_id)) + Field("AlarmType", AlarmName(alarm.type)) + "\n";
    }
    return Show(text);
  }
  Outcome Health(const std::vector<EndpointHealth>& endpoints) override {
    std::string text;
    for (const EndpointHealth& health : endpoints) {
      text += Quoted("Endpoint", health.endpoint) + Field("Health", health.healthy) +
              Field("Took", health.took) + Field("Error", health.error) + "\n";
    }
    return Show(text);
  }
  Outcome Status(const std::vector<EndpointStatus>& endpoints) override {
    std::string text;
    for (const auto& [endpoint, status] : endpoints) {
      text += Header(status.header) + Quoted("Version", status.version) +
              Quoted("StorageVersion", status.storage_version) + Field("DBSize", status.db_size) +
              Field("DBSizeInUse", status.db_size_in_use) +
              Field("DBSizeQuota", status.db_size_quota) + Field("Leader", status.leader) +
              Field("IsLearner", status.is_learner) + Field("RaftIndex", status.raft_index) +
              Field("RaftTerm", status.raft_term) +
              Field("RaftAppliedIndex", status.raft_applied_index) +
              Field("Errors", "[" + base::Join(status.errors, " ") + "]") +
              Quoted("Endpoint", endpoint) +
              Quoted("DowngradeTargetVersion", status.downgrade_target_version) +
              Field("DowngradeEnabled", status.downgrade_enabled) + "\n";
    }
    return Show(text);
  }
  // Compat: of a user, of all users and of the status there are no fields.
  Outcome RoleGet(const std::string&, const etcd::RoleGetResponse& response) override {
    std::string text = Header(response.header);
    for (const etcd::Permission& permission : response.permissions) {
      text += "\"PermType\" :  " + TypeName(permission.type) + "\n" +
              Quoted("Key", permission.key) + Quoted("RangeEnd", permission.range_end);
    }
    return Show(text);
  }
  Outcome RoleList(const etcd::RoleListResponse& response) override {
    std::string text = Header(response.header) + "\"Roles\" :";
    for (const std::string& role : response.roles) text += " " + base::Quote(role);
    return Show(text + "\n");
  }
  Outcome AuthChange(const std::string&, const etcd::AuthChangeResponse& response) override {
    return Show(Header(response.header));
  }
  Outcome AdmissionRuleList(const etcd::AdmissionRuleListResponse& response) override {
    std::string text = Header(response.header);
    for (const etcd::AdmissionRule& rule : response.rules) {
      text += Quoted("Name", rule.name) + Quoted("User", rule.user) +
              Quoted("Prefix", rule.prefix) + Field("RequestsPerSecond", rule.requests_per_second) +
              Field("BytesPerSecond", rule.bytes_per_second) +
              Field("BurstMilliseconds", rule.burst.count()) +
              Field("MemoryPercent", rule.memory_percent) + "\n";
    }
    return Show(text);
  }
  Outcome AdmissionChange(const std::string&,
                          const etcd::AdmissionChangeResponse& response) override {
    return Show(Header(response.header));
  }
  Outcome Usage(const etcd::UsageResponse& response) override {
    std::string text = Header(response.header);
    for (const etcd::UsageGroup& group : response.groups) {
      text += Quoted("Prefix", group.prefix) + Field("Keys", group.keys) +
              Field("Bytes", group.bytes) + Field("Revisions", group.revisions) + "\n";
    }
    return Show(text);
  }
  Outcome HashKv(const std::vector<EndpointHashKv>& endpoints) override {
    std::string text;
    for (const auto& [endpoint, hash] : endpoints) {
      text += Header(hash.header) + Quoted("Endpoint", endpoint) + Field("Hash", hash.hash) +
              Field("HashRevision", hash.hash_revision) + "\n";
    }
    return Show(text);
  }

 private:
  std::string Id(uint64_t id) const { return hex_ ? HexId(id) : std::to_string(id); }
  std::string Lease(int64_t id) const { return hex_ ? base::LeaseText(id) : std::to_string(id); }

  std::string Header(const etcd::ResponseHeader& header) const {
    std::string text =
        Field("ClusterID", Id(header.cluster_id)) + Field("MemberID", Id(header.member_id));
    if (header.revision > 0) text += Field("Revision", header.revision);
    return text + Field("RaftTerm", header.raft_term);
  }
  void Append(const client::PairView& kv, std::string_view prefix, std::string* text) const {
    const auto name = [&](std::string_view field) {
      *text += '"';
      *text += prefix;
      *text += field;
      *text += "\" : ";
    };
    const auto number = [&](std::string_view field, int64_t value) {
      name(field);
      AppendNumber(value, text);
      *text += '\n';
    };
    const auto bytes = [&](std::string_view field, std::string_view value) {
      name(field);
      base::AppendQuote(value, text);
      *text += '\n';
    };
    bytes("Key", kv.key);
    number("CreateRevision", kv.create_revision);
    number("ModRevision", kv.mod_revision);
    number("Version", kv.version);
    bytes("Value", kv.value);
    name("Lease");
    *text += Lease(kv.lease);
    *text += '\n';
  }
  std::string Text(const etcd::KeyValue& kv, std::string_view prefix = "") const {
    std::string text;
    Append(client::ViewOf(kv), prefix, &text);
    return text;
  }
  void Append(const client::RangeView& part, const PartPlace& place, std::string* text) const {
    if (place.is_first) *text += Header(part.header);
    for (const client::PairView& kv : part.kvs) Append(kv, "", text);
    if (place.is_last) *text += Field("More", part.more) + Field("Count", part.count);
  }
  std::string Text(const etcd::GetResponse& response) const {
    std::string text;
    Append(client::ViewOf(response), {}, &text);
    return text;
  }
  std::string Text(const etcd::PutResponse& response) const {
    std::string text = Header(response.header);
    if (response.prev_kv.has_value()) text += Text(*response.prev_kv, "Prev");
    return text;
  }
  std::string Text(const etcd::DeleteResponse& response) const {
    std::string text = Header(response.header) + Field("Deleted", response.deleted);
    for (const etcd::KeyValue& kv : response.prev_kvs) text += Text(kv, "Prev");
    return text;
  }
  std::string Text(const etcd::TxnResponse& response) const {
    std::string text = Header(response.header) + Field("Succeeded", response.succeeded);
    for (const etcd::OpResponse& op : response.responses) {
      text += std::visit([this](const auto& one) { return Text(one); }, op.response);
    }
    return text;
  }

  const bool hex_;
};

}  // namespace

std::unique_ptr<Printer> NewFieldsPrinter(bool hex, std::FILE* out) {
  return std::make_unique<FieldsPrinter>(hex, out);
}

}  // namespace ctl
