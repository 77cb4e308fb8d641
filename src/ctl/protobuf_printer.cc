#include "base/wire.h"
#include "ctl/printer.h"
#include "ctl/to_proto.h"

namespace ctl {
namespace {

using Pair = mvccpb::KeyValue;

constexpr uint32_t kPairs = etcdserverpb::RangeResponse::kKvsFieldNumber;

template <typename Writer>
void Write(const client::PairView& kv, Writer* writer) {
  writer->BytesIfSet(Pair::kKeyFieldNumber, kv.key);
  writer->VarintIfSet(Pair::kCreateRevisionFieldNumber, static_cast<uint64_t>(kv.create_revision));
  writer->VarintIfSet(Pair::kModRevisionFieldNumber, static_cast<uint64_t>(kv.mod_revision));
  writer->VarintIfSet(Pair::kVersionFieldNumber, static_cast<uint64_t>(kv.version));
  writer->BytesIfSet(Pair::kValueFieldNumber, kv.value);
  writer->VarintIfSet(Pair::kLeaseFieldNumber, static_cast<uint64_t>(kv.lease));
}

void AppendPair(const client::PairView& kv, std::string* text) {
  base::WireCounter counter;
  Write(kv, &counter);
  const size_t begin = text->size();
  text->resize(begin + base::WireBytesSize(kPairs, counter.size()));
  base::WireFiller writer(text->data() + begin);
  writer.BytesHeader(kPairs, counter.size());
  Write(kv, &writer);
}

class ProtobufPrinter final : public Printer {
 public:
  explicit ProtobufPrinter(std::FILE* out) : Printer("protobuf", out) {}

  Outcome GetPart(const client::RangeView& part, const PartPlace&) override {
    std::string& text = NewText();
    ToProto(etcd::GetResponse{.header = part.header}).AppendToString(&text);
    for (const client::PairView& kv : part.kvs) AppendPair(kv, &text);
    ToProto(etcd::GetResponse{.more = part.more, .count = part.count}).AppendToString(&text);
    return Show(text);
  }
  Outcome Put(const etcd::PutResponse& response) override { return Encoded(response); }
  Outcome Delete(const etcd::DeleteResponse& response) override { return Encoded(response); }
  Outcome Txn(const etcd::TxnResponse& response) override { return Encoded(response); }
  // Compat: of answers about leases, but for that to a revoke, Go's client has no messages; what it
  // writes are their headers.
  Outcome LeaseGrant(const etcd::LeaseGrantResponse& response) override {
    return Encoded(response.header);
  }
  Outcome LeaseRevoke(int64_t, const etcd::LeaseRevokeResponse& response) override {
    return Encoded(response);
  }
  Outcome LeaseKeepAlive(const etcd::LeaseKeepAliveResponse& response) override {
    return Encoded(response.header);
  }
  Outcome LeaseTimeToLive(const etcd::LeaseTimeToLiveResponse& response, bool) override {
    return Encoded(response.header);
  }
  Outcome LeaseList(const etcd::LeaseListResponse& response) override {
    return Encoded(response.header);
  }
  Outcome Watch(const WatchShown& shown) override { return Encoded(shown); }
  Outcome MemberList(const etcd::MemberListResponse& response) override {
    return Encoded(response);
  }
  Outcome MemberAdd(const etcd::MemberAddResponse& response) override { return Encoded(response); }
  Outcome MemberChange(Change, uint64_t, const etcd::MemberChangeResponse& response) override {
    return Encoded(response);
  }
  Outcome MoveLeader(uint64_t, uint64_t, const etcd::MoveLeaderResponse& response) override {
    return Encoded(response);
  }
  Outcome Downgrade(etcd::DowngradeAction, const etcd::DowngradeResponse& response) override {
    return Encoded(response);
  }
  Outcome Alarm(const etcd::AlarmResponse& response) override { return Encoded(response); }
  Outcome AuthStatus(const etcd::AuthStatusResponse& response) override {
    return Encoded(response);
  }
  Outcome UserGet(const std::string&, const etcd::UserGetResponse& response) override {
    return Encoded(response);
  }
  Outcome UserList(const etcd::UserListResponse& response) override { return Encoded(response); }
  Outcome RoleGet(const std::string&, const etcd::RoleGetResponse& response) override {
    return Encoded(response);
  }
  Outcome RoleList(const etcd::RoleListResponse& response) override { return Encoded(response); }
  Outcome AuthChange(const std::string&, const etcd::AuthChangeResponse& response) override {
    return Encoded(response);
  }
  Outcome AdmissionRuleList(const etcd::AdmissionRuleListResponse& response) override {
    return Encoded(response);
  }
  Outcome AdmissionChange(const std::string&,
                          const etcd::AdmissionChangeResponse& response) override {
    return Encoded(response);
  }
  Outcome Usage(const etcd::UsageResponse& response) override { return Encoded(response); }

 private:
  template <typename Response>
  Outcome Encoded(const Response& response) {
    return Show(ToProto(response).SerializeAsString());
  }
};

}  // namespace

std::unique_ptr<Printer> NewProtobufPrinter(std::FILE* out) {
  return std::make_unique<ProtobufPrinter>(out);
}

}  // namespace ctl
