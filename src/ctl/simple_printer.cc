#include "base/go_text.h"
#include "base/lease_text.h"
#include "ctl/command.h"
#include "ctl/event_command.h"
#include "ctl/printer.h"
#include "ctl/rows.h"

namespace ctl {
namespace {

constexpr std::string_view kOpenEnd("\0", 1);
constexpr char kAllKeys[] = "\t[, <open ended>\n";

void AppendHex(std::string_view bytes, std::string* text) {
  static constexpr char kDigits[] = "0123456789abcdef";
  for (const char character : bytes) {
    const auto byte = static_cast<unsigned char>(character);
    *text += {'\\', 'x', kDigits[byte >> 4], kDigits[byte & 15]};
  }
}

std::string HexBytes(std::string_view bytes) {
  std::string text;
  AppendHex(bytes, &text);
  return text;
}

std::string Lines(const Rows& rows) {
  std::string text;
  for (const Row& row : rows.rows) text += base::Join(row, ", ") + "\n";
  return text;
}

std::string Range(const etcd::Permission& permission) {
  const std::string& key = permission.key;
  const std::string& end = permission.range_end;
  if (end.empty()) return "\t" + key + "\n";
  const std::string text = "\t[" + key + ", " + (end == kOpenEnd ? "<open ended>" : end + ")");
  const bool is_prefix = !key.empty() && etcd::Prefix(key).range_end == end;
  return text + (is_prefix ? " (prefix " + key + ")" : "") + "\n";
}

// Those that are of the one kind, or of both.
std::string Ranges(const std::vector<etcd::Permission>& permissions, etcd::PermissionType type) {
  std::string text;
  for (const etcd::Permission& permission : permissions) {
    if (permission.type == type || permission.type == etcd::PermissionType::kReadWrite) {
      text += Range(permission);
    }
  }
  return text;
}

class SimplePrinter final : public Printer {
 public:
  SimplePrinter(bool hex, std::FILE* out) : Printer("simple", out), hex_(hex) {}

  void ShowOnlyValues() override { only_values_ = true; }

  Outcome GetPart(const client::RangeView& part, const PartPlace&) override {
    std::string& text = NewText();
    for (const client::PairView& kv : part.kvs) Append(kv, &text);
    return Show(text);
  }
  Outcome Put(const etcd::PutResponse& response) override { return Show(Text(response)); }
  Outcome Delete(const etcd::DeleteResponse& response) override { return Show(Text(response)); }
  Outcome Txn(const etcd::TxnResponse& response) override { return Show(Text(response)); }
  Outcome LeaseGrant(const etcd::LeaseGrantResponse& response) override {
    return Show("lease " + base::LeaseText(response.id) + " granted with TTL(" +
                std::to_string(response.ttl) + "s)\n");
  }
  Outcome LeaseRevoke(int64_t id, const etcd::LeaseRevokeResponse&) override {
    return Show("lease " + base::LeaseText(id) + " revoked\n");
  }
  Outcome LeaseKeepAlive(const etcd::LeaseKeepAliveResponse& response) override {
    return Show("lease " + base::LeaseText(response.id) + " keepalived with TTL(" +
                std::to_string(response.ttl) + ")\n");
  }
  Outcome LeaseTimeToLive(const etcd::LeaseTimeToLiveResponse& response, bool keys) override {
    const std::string lease = "lease " + base::LeaseText(response.id);
    if (response.granted_ttl == 0 && response.ttl == -1) return Show(lease + " already expired\n");
    return Show(lease + " granted with TTL(" + std::to_string(response.granted_ttl) +
                "s), remaining(" + std::to_string(response.ttl) + "s)" +
                (keys ? ", attached keys([" + base::Join(response.keys, " ") + "])" : "") + "\n");
  }
  Outcome LeaseList(const etcd::LeaseListResponse& response) override {
    std::string text = "found " + std::to_string(response.ids.size()) + " leases\n";
    for (const int64_t id : response.ids) text += base::LeaseText(id) + "\n";
    return Show(text);
  }
  Outcome Watch(const WatchShown& shown) override {
    std::string text;
    for (const etcd::Event& event : shown.events) {
      const bool is_put = event.type == etcd::Event::Type::kPut;
      text +=
          paint()(is_put ? cli::Color::kGreen : cli::Color::kRed, EventTypeName(event.type)) + "\n";
      if (event.prev_kv.has_value()) text += Text(*event.prev_kv);
      text += Text(event.kv);
    }
    return Show(text);
  }
  Outcome MemberList(const etcd::MemberListResponse& response) override {
    return Show(Lines(MemberRows(response)));
  }
  Outcome MemberAdd(const etcd::MemberAddResponse& response) override {
    return Show(
        "Member " + PaddedHexId(response.member.id) +
        (response.member.is_learner ? " added as learner to cluster " : " added to cluster ") +
        PaddedHexId(response.header.cluster_id) + "\n");
  }
  Outcome MemberChange(Change change, uint64_t id,
                       const etcd::MemberChangeResponse& response) override {
    static constexpr const char* kWhat[] = {"removed from", "updated in", "promoted in"};
    return Show("Member " + PaddedHexId(id) + " " + kWhat[static_cast<size_t>(change)] +
                " cluster " + PaddedHexId(response.header.cluster_id) + "\n");
  }
  Outcome MoveLeader(uint64_t from, uint64_t to, const etcd::MoveLeaderResponse&) override {
    return Show("Leadership transferred from " + HexId(from) + " to " + HexId(to) + "\n");
  }
  Outcome Downgrade(etcd::DowngradeAction action,
                    const etcd::DowngradeResponse& response) override {
    static constexpr const char* kWhat[] = {"validate", "enable", "cancel"};
    return Show(std::string("Downgrade ") + kWhat[static_cast<size_t>(action)] +
                " success, cluster version " + response.version + "\n");
  }
  Outcome Alarm(const etcd::AlarmResponse& response) override {
    std::string text;
    for (const etcd::Alarm& alarm : response.alarms) {
      // Compat: what is 0 is left out.
      if (alarm.member_id != 0) text += "memberID:" + std::to_string(alarm.member_id) + " ";
      text += "alarm:" + AlarmName(alarm.type) + "\n";
    }
    return Show(text);
  }
  Outcome Health(const std::vector<EndpointHealth>& endpoints) override {
    std::string text;
    for (const EndpointHealth& health : endpoints) {
      if (health.error.empty()) {
        text += health.endpoint +
                " is healthy: successfully committed proposal: took = " + health.took + "\n";
      } else {
        Print(stderr,
              health.endpoint + " is unhealthy: failed to commit proposal: " + health.error + "\n");
      }
    }
    return Show(text);
  }
  Outcome Status(const std::vector<EndpointStatus>& endpoints) override {
    return Show(Lines(StatusRows(endpoints)));
  }
  Outcome AuthStatus(const etcd::AuthStatusResponse& response) override {
    return Show(std::string("Authentication Status: ") + (response.enabled ? "true" : "false") +
                "\nAuthRevision: " + std::to_string(response.auth_revision) + "\n");
  }
  Outcome UserGet(const std::string& user, const etcd::UserGetResponse& response) override {
    std::string text = "User: " + user + "\nRoles:";
    for (const std::string& role : response.roles) text += " " + role;
    return Show(text + "\n");
  }
  Outcome UserList(const etcd::UserListResponse& response) override {
    return Show(Names(response.users));
  }
  Outcome RoleGet(const std::string& role, const etcd::RoleGetResponse& response) override {
    // Compat: that root may do everything is said of a member that lists nothing.
    const bool may_all = role == "root" && response.permissions.empty();
    const auto ranges = [&](etcd::PermissionType type) {
      return may_all ? kAllKeys : Ranges(response.permissions, type);
    };
    return Show("Role " + role + "\nKV Read:\n" + ranges(etcd::PermissionType::kRead) +
                "KV Write:\n" + ranges(etcd::PermissionType::kWrite));
  }
  Outcome RoleList(const etcd::RoleListResponse& response) override {
    return Show(Names(response.roles));
  }
  Outcome AuthChange(const std::string& said, const etcd::AuthChangeResponse&) override {
    return Show(said + "\n");
  }
  Outcome AdmissionRuleList(const etcd::AdmissionRuleListResponse& response) override {
    if (!hex_) return Show(Lines(AdmissionRuleRows(response)));
    etcd::AdmissionRuleListResponse shown = response;
    for (etcd::AdmissionRule& rule : shown.rules) rule.prefix = HexBytes(rule.prefix);
    return Show(Lines(AdmissionRuleRows(shown)));
  }
  Outcome AdmissionChange(const std::string& said, const etcd::AdmissionChangeResponse&) override {
    return Show(said + "\n");
  }
  Outcome Usage(const etcd::UsageResponse& response) override {
    if (!hex_) return Show(Lines(UsageRows(response)));
    etcd::UsageResponse shown = response;
    for (etcd::UsageGroup& group : shown.groups) group.prefix = HexBytes(group.prefix);
    return Show(Lines(UsageRows(shown)));
  }
  Outcome HashKv(const std::vector<EndpointHashKv>& endpoints) override {
    return Show(Lines(HashKvRows(endpoints)));
  }

 private:
  static std::string Names(const std::vector<std::string>& names) {
    std::string text;
    for (const std::string& name : names) text += name + "\n";
    return text;
  }
  void AppendLine(std::string_view bytes, std::string* text) const {
    if (hex_) {
      AppendHex(bytes, text);
    } else {
      *text += bytes;
    }
    *text += '\n';
  }
  void Append(const client::PairView& kv, std::string* text) const {
    if (!only_values_) AppendLine(kv.key, text);
    AppendLine(kv.value, text);
  }
  std::string Text(const etcd::KeyValue& kv) const {
    std::string text;
    Append(client::ViewOf(kv), &text);
    return text;
  }
  std::string Text(const etcd::GetResponse& response) const {
    std::string text;
    for (const etcd::KeyValue& kv : response.kvs) Append(client::ViewOf(kv), &text);
    return text;
  }
  std::string Text(const etcd::PutResponse& response) const {
    return "OK\n" + (response.prev_kv.has_value() ? Text(*response.prev_kv) : std::string());
  }
  std::string Text(const etcd::DeleteResponse& response) const {
    std::string text = std::to_string(response.deleted) + "\n";
    for (const etcd::KeyValue& kv : response.prev_kvs) text += Text(kv);
    return text;
  }
  std::string Text(const etcd::TxnResponse& response) const {
    std::string text = response.succeeded ? "SUCCESS\n" : "FAILURE\n";
    for (const etcd::OpResponse& op : response.responses) {
      text += "\n" + std::visit([this](const auto& one) { return Text(one); }, op.response);
    }
    return text;
  }

  const bool hex_;
  bool only_values_ = false;
};

}  // namespace

std::unique_ptr<Printer> NewSimplePrinter(bool hex, std::FILE* out) {
  return std::make_unique<SimplePrinter>(hex, out);
}

}  // namespace ctl
