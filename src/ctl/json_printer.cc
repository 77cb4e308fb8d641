#include <utility>

#include "base/go_text.h"
#include "ctl/append_number.h"
#include "ctl/json.h"
#include "ctl/printer.h"
#include "ctl/to_proto.h"

namespace ctl {
namespace {

// As ToJson of the message has it, for a million of them.
void AppendPair(const client::PairView& kv, std::string* text) {
  char separator = '{';
  const auto name = [&](const char* member) {
    *text += std::exchange(separator, ',');
    *text += member;
  };
  const auto number = [&](const char* member, int64_t value) {
    if (value == 0) return;
    name(member);
    AppendNumber(value, text);
  };
  const auto bytes = [&](const char* member, std::string_view value) {
    if (value.empty()) return;
    name(member);
    AppendJsonBytes(value, text);
  };
  bytes("\"key\":", kv.key);
  number("\"create_revision\":", kv.create_revision);
  number("\"mod_revision\":", kv.mod_revision);
  number("\"version\":", kv.version);
  bytes("\"value\":", kv.value);
  number("\"lease\":", kv.lease);
  *text += separator == '{' ? "{}" : "}";
}

class JsonPrinter final : public Printer {
 public:
  JsonPrinter(bool hex, std::FILE* out) : Printer("json", out), hex_(hex) {}

  // What was begun by the first part is ended by the last one.
  Outcome GetPart(const client::RangeView& part, const PartPlace& place) override {
    // The header, and what stands behind the pairs.
    const std::string before = Members(ToProto(etcd::GetResponse{.header = part.header}));
    const std::string after =
        Members(ToProto(etcd::GetResponse{.more = part.more, .count = part.count}));
    std::string& text = NewText();
    if (place.is_first) text += '{';
    text += before;
    for (const client::PairView& kv : part.kvs) {
      const bool begins = !std::exchange(has_pairs_, true);
      text += !begins ? "," : before.empty() ? "\"kvs\":[" : ",\"kvs\":[";
      AppendPair(kv, &text);
    }
    if (!place.is_last) return Show(text);
    if (std::exchange(has_pairs_, false)) text += ']';
    if (!after.empty() && text != "{") text += ',';
    text += after;
    text += "}\n";
    return Show(text);
  }
  Outcome Put(const etcd::PutResponse& response) override { return Message(response); }
  Outcome Delete(const etcd::DeleteResponse& response) override { return Message(response); }
  Outcome Txn(const etcd::TxnResponse& response) override { return Message(response); }
  Outcome Alarm(const etcd::AlarmResponse& response) override { return Message(response); }
  // Compat: the fields of clientv3's own struct, which leaves out none.
  Outcome Watch(const WatchShown& shown) override {
    const etcdserverpb::WatchResponse message = ToProto(shown);
    std::string events;
    for (const mvccpb::Event& event : message.events()) {
      events += (events.empty() ? "" : ",") + ToJson(event, false);
    }
    return Show("{\"Header\":" + ToJson(message.header(), false) +
                ",\"Events\":" + (events.empty() ? "null" : "[" + events + "]") +
                ",\"CompactRevision\":" + std::to_string(shown.compact_revision) +
                ",\"Canceled\":" + (shown.canceled ? "true" : "false") +
                ",\"Created\":false,\"CancelReason\":\"\"}\n");
  }
  // Compat: --hex changes members alone.
  Outcome MemberList(const etcd::MemberListResponse& response) override {
    return Show(ToJson(ToProto(response), hex_) + "\n");
  }

  Outcome MemberAdd(const etcd::MemberAddResponse& response) override {
    return Show(ToJson(ToProto(response), hex_) + "\n");
  }
  Outcome MemberChange(Change, uint64_t, const etcd::MemberChangeResponse& response) override {
    return Show(ToJson(ToProto(response), hex_) + "\n");
  }
  Outcome MoveLeader(uint64_t, uint64_t, const etcd::MoveLeaderResponse& response) override {
    return Message(response);
  }
  Outcome Downgrade(etcd::DowngradeAction, const etcd::DowngradeResponse& response) override {
    return Message(response);
  }

  // Compat: the answers about leases are structs of Go's client, and the header's fields are
  // theirs.
  Outcome LeaseGrant(const etcd::LeaseGrantResponse& response) override {
    return Flat(response.header,
                {Member("ID", response.id), Member("TTL", response.ttl), "\"Error\":\"\""});
  }
  Outcome LeaseRevoke(int64_t, const etcd::LeaseRevokeResponse& response) override {
    return Message(response);
  }
  Outcome LeaseKeepAlive(const etcd::LeaseKeepAliveResponse& response) override {
    return Flat(response.header, {Member("ID", response.id), Member("TTL", response.ttl)});
  }
  Outcome LeaseTimeToLive(const etcd::LeaseTimeToLiveResponse& response, bool) override {
    std::string keys;
    for (const std::string& key : response.keys) {
      keys += (keys.empty() ? "" : ",") + JsonBytes(key);
    }
    return Flat(response.header, {Member("id", response.id), Member("ttl", response.ttl),
                                  Member("granted-ttl", response.granted_ttl),
                                  "\"keys\":" + (keys.empty() ? "null" : "[" + keys + "]")});
  }
  Outcome LeaseList(const etcd::LeaseListResponse& response) override {
    std::string list;
    for (const int64_t id : response.ids) {
      list += (list.empty() ? "{" : ",{") + Member("id", id) + "}";
    }
    return Flat(response.header, {"\"leases\":[" + list + "]"});
  }
  Outcome AuthStatus(const etcd::AuthStatusResponse& response) override {
    return Message(response);
  }
  Outcome UserGet(const std::string&, const etcd::UserGetResponse& response) override {
    return Message(response);
  }
  Outcome UserList(const etcd::UserListResponse& response) override { return Message(response); }
  Outcome RoleGet(const std::string&, const etcd::RoleGetResponse& response) override {
    return Message(response);
  }
  Outcome RoleList(const etcd::RoleListResponse& response) override { return Message(response); }
  Outcome AuthChange(const std::string&, const etcd::AuthChangeResponse& response) override {
    return Message(response);
  }
  Outcome AdmissionRuleList(const etcd::AdmissionRuleListResponse& response) override {
    return Message(response);
  }
  Outcome AdmissionChange(const std::string&,
                          const etcd::AdmissionChangeResponse& response) override {
    return Message(response);
  }
  Outcome Usage(const etcd::UsageResponse& response) override { return Message(response); }

  Outcome Health(const std::vector<EndpointHealth>& endpoints) override {
    std::string list;
    for (const EndpointHealth& health : endpoints) {
      list += (list.empty() ? "{\"endpoint\":" : ",{\"endpoint\":") + JsonString(health.endpoint) +
              ",\"health\":" + (health.healthy ? "true" : "false") +
              ",\"took\":" + JsonString(health.took) +
              (health.error.empty() ? "" : ",\"error\":" + JsonString(health.error)) + "}";
    }
    return List(list);
  }
  Outcome Status(const std::vector<EndpointStatus>& endpoints) override {
    std::string list;
    for (const auto& [endpoint, status] : endpoints) {
      list += (list.empty() ? "{\"Endpoint\":" : ",{\"Endpoint\":") + JsonString(endpoint) +
              ",\"Status\":" + ToJson(ToProto(status), false) + "}";
    }
    return List(list);
  }
  Outcome HashKv(const std::vector<EndpointHashKv>& endpoints) override {
    std::string list;
    for (const auto& [endpoint, hash] : endpoints) {
      list += (list.empty() ? "{\"Endpoint\":" : ",{\"Endpoint\":") + JsonString(endpoint) +
              ",\"HashKV\":" + ToJson(ToProto(hash), false) + "}";
    }
    return List(list);
  }

 private:
  template <typename Response>
  Outcome Message(const Response& response) {
    return Show(ToJson(ToProto(response), false) + "\n");
  }
  // Without the braces.
  static std::string Members(const google::protobuf::Message& message) {
    const std::string object = ToJson(message, false);
    return object.substr(1, object.size() - 2);
  }
  static std::string Member(const char* name, int64_t value) {
    return JsonString(name) + ":" + std::to_string(value);
  }
  Outcome Flat(const etcd::ResponseHeader& header, const std::vector<std::string>& members) {
    std::string text = ToJson(ToProto(header), false);
    text.pop_back();
    if (text.size() > 1) text += ",";
    return Show(text + base::Join(members, ",") + "}\n");
  }
  // Go writes a slice that was never filled as null.
  Outcome List(const std::string& list) {
    return Show(list.empty() ? "null\n" : "[" + list + "]\n");
  }

  const bool hex_;
  bool has_pairs_ = false;  // of the answer whose parts are printed
};

}  // namespace

std::unique_ptr<Printer> NewJsonPrinter(bool hex, std::FILE* out) {
  return std::make_unique<JsonPrinter>(hex, out);
}

}  // namespace ctl
