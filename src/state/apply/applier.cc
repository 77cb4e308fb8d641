#include "state/apply/applier.h"

#include <vector>

#include "base/errors.h"
#include "proto/raft_internal.pb.h"
#include "proto/rpc.pb.h"
#include "state/kv/request_check.h"
#include "state/kv/write.h"

namespace apply {
namespace {

using etcdserverpb::InternalRaftRequest;

// An error of the request is an answer; of the store, the end.
base::Result<Reply> ReplyOf(base::Result<kv::Applied> applied) {
  if (applied.ok()) return Reply{{}, std::move(applied->body), applied->revision};
  if (applied.status().code() == base::Code::kDataLoss) return applied.status();
  return Reply{applied.status()};
}

template <typename Response>
Reply ReplyWith(const Response& response) {
  return Reply{{}, response.SerializeAsString()};
}

bool IsAlarm(int type) {
  return type == etcdserverpb::NOSPACE || type == etcdserverpb::CORRUPT;
}

// No lease was ever granted.
class NoLeases final : public kv::Lessor {
 public:
  bool Exists(base::LeaseId) const override { return false; }
  void Attach(base::LeaseId, base::ByteView) override {}
  void Detach(base::LeaseId, base::ByteView) override {}
};

}  // namespace

base::Result<Reply> Applier::Apply(const InternalRaftRequest& request, bool reply_wanted) {
  if (base::Status forbidden = CheckAlarms(request); !forbidden.ok()) {
    return Reply{std::move(forbidden)};
  }
  return Dispatch(request, reply_wanted);
}

base::Status Applier::CheckAlarms(const InternalRaftRequest& request) const {
  if (parts_.alarms->Any(alarms::Type::kCorrupt)) {
    const bool touches_keys = request.has_range() || request.has_put() ||
                              request.has_delete_range() || request.has_txn() ||
                              request.has_compaction() || request.has_lease_grant() ||
                              request.has_lease_revoke();
    if (touches_keys) return base::errors::kCorrupt;
  }
  if (parts_.alarms->Any(alarms::Type::kNoSpace)) {
    const bool takes_space = request.has_put() || request.has_lease_grant() ||
                             (request.has_txn() && kv::QuotaCost(request.txn()) > 0);
    if (takes_space) return base::errors::kNoSpace;
  }
  return {};
}

base::Result<Reply> Applier::Dispatch(const InternalRaftRequest& request, bool reply_wanted) {
  NoLeases lessor;
  const kv::WriteContext context{parts_.store, &lessor, &counts_, reply_wanted};
  if (request.has_put()) return ReplyOf(kv::Put(context, request.put()));
  if (request.has_delete_range()) {
    return ReplyOf(kv::DeleteRange(context, request.delete_range()));
  }
  if (request.has_txn()) return ReplyOf(kv::Txn(context, request.txn()));
  if (request.has_compaction()) return Compact(request.compaction());
  if (request.has_alarm()) return ApplyAlarm(request.alarm());
  if (request.has_cluster_version_set()) {
    parts_.membership->SetClusterVersion(request.cluster_version_set().ver());
    view_changed_ = true;
    return Reply{};
  }
  if (request.has_cluster_member_attr_set()) {
    const auto& set = request.cluster_member_attr_set();
    const auto& urls = set.member_attributes().client_urls();
    parts_.membership->SetAttributes(base::MemberId(set.member_id()),
                                     set.member_attributes().name(), {urls.begin(), urls.end()});
    view_changed_ = true;
    return Reply{};
  }
  return Reply{base::errors::kUnknownMethod};
}

Reply Applier::Compact(const etcdserverpb::CompactionRequest& request) {
  base::Status status = parts_.store->Compact(base::Revision(request.revision()));
  if (!status.ok()) return Reply{std::move(status)};
  return Reply{{}, {}, parts_.store->revision()};
}

Reply Applier::ApplyAlarm(const etcdserverpb::AlarmRequest& request) {
  etcdserverpb::AlarmResponse response;
  const auto add = [&response](const alarms::Alarm& alarm) {
    etcdserverpb::AlarmMember* const member = response.add_alarms();
    member->set_memberid(alarm.member.value());
    member->set_alarm(static_cast<etcdserverpb::AlarmType>(alarm.type));
  };
  const alarms::Alarm alarm{base::MemberId(request.memberid()),
                            static_cast<alarms::Type>(request.alarm())};
  switch (request.action()) {
    case etcdserverpb::AlarmRequest::GET:
      for (const alarms::Alarm& raised : parts_.alarms->Get(alarm.type)) add(raised);
      break;
    case etcdserverpb::AlarmRequest::ACTIVATE:
      if (!IsAlarm(request.alarm())) break;
      view_changed_ = parts_.alarms->Activate(alarm) || view_changed_;
      add(alarm);
      break;
    case etcdserverpb::AlarmRequest::DEACTIVATE:
      if (!parts_.alarms->Deactivate(alarm)) break;
      view_changed_ = true;
      add(alarm);
      break;
    default:
      break;
  }
  return ReplyWith(response);
}

}  // namespace apply
