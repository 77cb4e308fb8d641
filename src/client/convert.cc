#include "client/convert.h"

#include <utility>

namespace client {
namespace {

namespace pb = etcdserverpb;

template <typename... F>
struct Overloaded : F... {
  using F::operator()...;
};
template <typename... F>
Overloaded(F...) -> Overloaded<F...>;

etcd::KeyValue FromProto(mvccpb::KeyValue&& kv) {
  return {std::move(*kv.mutable_key()),
          kv.create_revision(),
          kv.mod_revision(),
          kv.version(),
          std::move(*kv.mutable_value()),
          kv.lease()};
}

etcd::Event FromProto(mvccpb::Event&& event) {
  etcd::Event value{static_cast<etcd::Event::Type>(event.type()),
                    FromProto(std::move(*event.mutable_kv())), std::nullopt};
  if (event.has_prev_kv()) value.prev_kv = FromProto(std::move(*event.mutable_prev_kv()));
  return value;
}

template <typename Repeated>
std::vector<etcd::KeyValue> KeyValues(Repeated* kvs) {
  std::vector<etcd::KeyValue> values;
  values.reserve(static_cast<size_t>(kvs->size()));
  for (mvccpb::KeyValue& kv : *kvs) values.push_back(FromProto(std::move(kv)));
  return values;
}

std::vector<std::string> Strings(const google::protobuf::RepeatedPtrField<std::string>& texts) {
  return {texts.begin(), texts.end()};
}

etcd::Member FromProto(const pb::Member& member) {
  return {member.id(), member.name(), Strings(member.peerurls()), Strings(member.clienturls()),
          member.islearner()};
}

std::vector<etcd::Member> Members(const google::protobuf::RepeatedPtrField<pb::Member>& members) {
  std::vector<etcd::Member> values;
  for (const pb::Member& member : members) values.push_back(FromProto(member));
  return values;
}

// etcd takes an empty key for none; where a range begins with it, the smallest there can be is
// meant.
std::string FirstKey(const std::string& key, const std::string& range_end) {
  return key.empty() && range_end == etcd::kFromKey ? std::string(etcd::kFromKey) : key;
}

pb::Compare ToProto(const etcd::Compare& compare) {
  pb::Compare message;
  message.set_result(static_cast<pb::Compare::CompareResult>(compare.result));
  message.set_target(static_cast<pb::Compare::CompareTarget>(compare.target));
  message.set_key(FirstKey(compare.key, compare.range_end));
  message.set_range_end(compare.range_end);
  switch (compare.target) {
    case etcd::Compare::Target::kVersion:
      message.set_version(compare.number);
      break;
    case etcd::Compare::Target::kCreate:
      message.set_create_revision(compare.number);
      break;
    case etcd::Compare::Target::kMod:
      message.set_mod_revision(compare.number);
      break;
    case etcd::Compare::Target::kValue:
      message.set_value(compare.value);
      break;
    case etcd::Compare::Target::kLease:
      message.set_lease(compare.number);
      break;
  }
  return message;
}

void AddOp(const etcd::Op& op, pb::RequestOp* message) {
  std::visit(Overloaded{[&](const etcd::GetRequest& request) {
                          *message->mutable_request_range() = client::ToProto(request);
                        },
                        [&](const etcd::PutRequest& request) {
                          *message->mutable_request_put() = client::ToProto(request);
                        },
                        [&](const etcd::DeleteRequest& request) {
                          *message->mutable_request_delete_range() = client::ToProto(request);
                        },
                        [&](const etcd::TxnRequest& request) {
                          *message->mutable_request_txn() = client::ToProto(request);
                        }},
             op.request);
}

etcd::OpResponse FromProto(pb::ResponseOp&& op) {
  switch (op.response_case()) {
    case pb::ResponseOp::kResponsePut:
      return {client::FromProto(std::move(*op.mutable_response_put()))};
    case pb::ResponseOp::kResponseDeleteRange:
      return {client::FromProto(std::move(*op.mutable_response_delete_range()))};
    case pb::ResponseOp::kResponseTxn:
      return {client::FromProto(std::move(*op.mutable_response_txn()))};
    case pb::ResponseOp::kResponseRange:
    case pb::ResponseOp::RESPONSE_NOT_SET:
      break;
  }
  return {client::FromProto(std::move(*op.mutable_response_range()))};
}

}  // namespace

pb::RangeRequest ToProto(const etcd::GetRequest& request) {
  pb::RangeRequest message;
  message.set_key(FirstKey(request.key, request.range_end));
  message.set_range_end(request.range_end);
  message.set_limit(request.limit);
  message.set_revision(request.revision);
  message.set_sort_order(static_cast<pb::RangeRequest::SortOrder>(request.sort_order));
  message.set_sort_target(static_cast<pb::RangeRequest::SortTarget>(request.sort_target));
  message.set_serializable(request.serializable);
  message.set_keys_only(request.keys_only);
  message.set_count_only(request.count_only);
  message.set_min_mod_revision(request.min_mod_revision);
  message.set_max_mod_revision(request.max_mod_revision);
  message.set_min_create_revision(request.min_create_revision);
  message.set_max_create_revision(request.max_create_revision);
  return message;
}

pb::PutRequest ToProto(const etcd::PutRequest& request) {
  pb::PutRequest message;
  message.set_key(request.key);
  message.set_value(request.value);
  message.set_lease(request.lease);
  message.set_prev_kv(request.prev_kv);
  message.set_ignore_value(request.ignore_value);
  message.set_ignore_lease(request.ignore_lease);
  return message;
}

pb::DeleteRangeRequest ToProto(const etcd::DeleteRequest& request) {
  pb::DeleteRangeRequest message;
  message.set_key(FirstKey(request.key, request.range_end));
  message.set_range_end(request.range_end);
  message.set_prev_kv(request.prev_kv);
  return message;
}

pb::TxnRequest ToProto(const etcd::TxnRequest& request) {
  pb::TxnRequest message;
  for (const etcd::Compare& compare : request.compares) {
    *message.add_compare() = ToProto(compare);
  }
  for (const etcd::Op& op : request.success) AddOp(op, message.add_success());
  for (const etcd::Op& op : request.failure) AddOp(op, message.add_failure());
  return message;
}

pb::CompactionRequest ToProto(const etcd::CompactRequest& request) {
  pb::CompactionRequest message;
  message.set_revision(request.revision);
  message.set_physical(request.physical);
  return message;
}

pb::WatchCreateRequest ToProto(const etcd::WatchRequest& request) {
  pb::WatchCreateRequest message;
  message.set_key(FirstKey(request.key, request.range_end));
  message.set_range_end(request.range_end);
  message.set_start_revision(request.start_revision);
  if (request.no_put) message.add_filters(pb::WatchCreateRequest::NOPUT);
  if (request.no_delete) message.add_filters(pb::WatchCreateRequest::NODELETE);
  message.set_prev_kv(request.prev_kv);
  message.set_progress_notify(request.progress_notify);
  message.set_fragment(request.fragment);
  return message;
}

admissionpb::Rule ToProto(const etcd::AdmissionRule& rule) {
  admissionpb::Rule message;
  message.set_name(rule.name);
  message.set_user(rule.user);
  message.set_prefix(rule.prefix);
  message.set_requests_per_second(rule.requests_per_second);
  message.set_bytes_per_second(rule.bytes_per_second);
  message.set_burst_milliseconds(static_cast<uint64_t>(rule.burst.count()));
  message.set_memory_percent(rule.memory_percent);
  return message;
}

usagepb::UsageRequest ToProto(const etcd::UsageRequest& request) {
  usagepb::UsageRequest message;
  message.set_prefix(request.prefix);
  message.set_delimiter(request.delimiter);
  message.set_limit(request.limit);
  return message;
}

etcd::ResponseHeader FromProto(const pb::ResponseHeader& header) {
  return {header.cluster_id(), header.member_id(), header.revision(), header.raft_term()};
}

etcd::GetResponse FromProto(pb::RangeResponse&& reply) {
  return {FromProto(reply.header()), KeyValues(reply.mutable_kvs()), reply.more(), reply.count()};
}

etcd::PutResponse FromProto(pb::PutResponse&& reply) {
  etcd::PutResponse response{FromProto(reply.header()), std::nullopt};
  if (reply.has_prev_kv()) response.prev_kv = FromProto(std::move(*reply.mutable_prev_kv()));
  return response;
}

etcd::DeleteResponse FromProto(pb::DeleteRangeResponse&& reply) {
  return {FromProto(reply.header()), reply.deleted(), KeyValues(reply.mutable_prev_kvs())};
}

etcd::TxnResponse FromProto(pb::TxnResponse&& reply) {
  etcd::TxnResponse response{FromProto(reply.header()), reply.succeeded(), {}};
  for (pb::ResponseOp& op : *reply.mutable_responses()) {
    response.responses.push_back(FromProto(std::move(op)));
  }
  return response;
}

etcd::CompactResponse FromProto(pb::CompactionResponse&& reply) {
  return {FromProto(reply.header())};
}

etcd::LeaseGrantResponse FromProto(pb::LeaseGrantResponse&& reply) {
  return {FromProto(reply.header()), reply.id(), reply.ttl()};
}

etcd::LeaseRevokeResponse FromProto(pb::LeaseRevokeResponse&& reply) {
  return {FromProto(reply.header())};
}

etcd::LeaseKeepAliveResponse FromProto(pb::LeaseKeepAliveResponse&& reply) {
  return {FromProto(reply.header()), reply.id(), reply.ttl()};
}

etcd::LeaseTimeToLiveResponse FromProto(pb::LeaseTimeToLiveResponse&& reply) {
  return {FromProto(reply.header()), reply.id(), reply.ttl(), reply.grantedttl(),
          Strings(reply.keys())};
}

etcd::LeaseListResponse FromProto(pb::LeaseLeasesResponse&& reply) {
  etcd::LeaseListResponse response{FromProto(reply.header()), {}};
  for (const pb::LeaseStatus& lease : reply.leases()) response.ids.push_back(lease.id());
  return response;
}
etcd::WatchResponse FromProto(pb::WatchResponse&& reply) {
  etcd::WatchResponse response{.header = FromProto(reply.header())};
  response.events.reserve(static_cast<size_t>(reply.events_size()));
  for (mvccpb::Event& event : *reply.mutable_events()) {
    response.events.push_back(FromProto(std::move(event)));
  }
  return response;
}

etcd::MemberListResponse FromProto(pb::MemberListResponse&& reply) {
  return {FromProto(reply.header()), Members(reply.members())};
}

etcd::MemberAddResponse FromProto(pb::MemberAddResponse&& reply) {
  return {FromProto(reply.header()), FromProto(reply.member()), Members(reply.members())};
}

etcd::MemberChangeResponse FromProto(pb::MemberRemoveResponse&& reply) {
  return {FromProto(reply.header()), Members(reply.members())};
}

etcd::MemberChangeResponse FromProto(pb::MemberUpdateResponse&& reply) {
  return {FromProto(reply.header()), Members(reply.members())};
}

etcd::MemberChangeResponse FromProto(pb::MemberPromoteResponse&& reply) {
  return {FromProto(reply.header()), Members(reply.members())};
}

etcd::MoveLeaderResponse FromProto(pb::MoveLeaderResponse&& reply) {
  return {FromProto(reply.header())};
}

etcd::DowngradeResponse FromProto(pb::DowngradeResponse&& reply) {
  return {FromProto(reply.header()), std::move(*reply.mutable_version())};
}

etcd::StatusResponse FromProto(pb::StatusResponse&& reply) {
  etcd::StatusResponse response;
  response.header = FromProto(reply.header());
  response.version = reply.version();
  response.db_size = reply.dbsize();
  response.db_size_in_use = reply.dbsizeinuse();
  response.db_size_quota = reply.dbsizequota();
  response.storage_version = reply.storageversion();
  response.leader = reply.leader();
  response.raft_index = reply.raftindex();
  response.raft_term = reply.raftterm();
  response.raft_applied_index = reply.raftappliedindex();
  response.errors = Strings(reply.errors());
  response.is_learner = reply.islearner();
  response.has_downgrade_info = reply.has_downgradeinfo();
  response.downgrade_enabled = reply.downgradeinfo().enabled();
  response.downgrade_target_version = reply.downgradeinfo().targetversion();
  return response;
}

etcd::HashKvResponse FromProto(pb::HashKVResponse&& reply) {
  return {FromProto(reply.header()), reply.hash(), reply.compact_revision(), reply.hash_revision()};
}

etcd::HashResponse FromProto(pb::HashResponse&& reply) {
  return {FromProto(reply.header()), reply.hash()};
}

etcd::SnapshotChunk FromProto(pb::SnapshotResponse&& reply) {
  return {FromProto(reply.header()), reply.remaining_bytes(), std::move(*reply.mutable_blob()),
          std::move(*reply.mutable_version())};
}

etcd::DefragmentResponse FromProto(pb::DefragmentResponse&& reply) {
  return {FromProto(reply.header())};
}

etcd::AlarmResponse FromProto(pb::AlarmResponse&& reply) {
  etcd::AlarmResponse response{FromProto(reply.header()), {}};
  for (const pb::AlarmMember& alarm : reply.alarms()) {
    response.alarms.push_back({alarm.memberid(), static_cast<etcd::AlarmType>(alarm.alarm())});
  }
  return response;
}

etcd::AuthStatusResponse FromProto(pb::AuthStatusResponse&& reply) {
  return {FromProto(reply.header()), reply.enabled(), reply.authrevision()};
}

etcd::AuthenticateResponse FromProto(pb::AuthenticateResponse&& reply) {
  return {FromProto(reply.header()), std::move(*reply.mutable_token())};
}

etcd::UserGetResponse FromProto(pb::AuthUserGetResponse&& reply) {
  return {FromProto(reply.header()), {reply.roles().begin(), reply.roles().end()}};
}

etcd::UserListResponse FromProto(pb::AuthUserListResponse&& reply) {
  return {FromProto(reply.header()), {reply.users().begin(), reply.users().end()}};
}

etcd::RoleGetResponse FromProto(pb::AuthRoleGetResponse&& reply) {
  etcd::RoleGetResponse response{FromProto(reply.header()), {}};
  for (authpb::Permission& permission : *reply.mutable_perm()) {
    response.permissions.push_back({static_cast<etcd::PermissionType>(permission.permtype()),
                                    std::move(*permission.mutable_key()),
                                    std::move(*permission.mutable_range_end())});
  }
  return response;
}

etcd::RoleListResponse FromProto(pb::AuthRoleListResponse&& reply) {
  return {FromProto(reply.header()), {reply.roles().begin(), reply.roles().end()}};
}

etcd::AuthChangeResponse FromProto(pb::AuthEnableResponse&& reply) {
  return {FromProto(reply.header())};
}

etcd::AuthChangeResponse FromProto(pb::AuthDisableResponse&& reply) {
  return {FromProto(reply.header())};
}

etcd::AuthChangeResponse FromProto(pb::AuthUserAddResponse&& reply) {
  return {FromProto(reply.header())};
}

etcd::AuthChangeResponse FromProto(pb::AuthUserDeleteResponse&& reply) {
  return {FromProto(reply.header())};
}

etcd::AuthChangeResponse FromProto(pb::AuthUserChangePasswordResponse&& reply) {
  return {FromProto(reply.header())};
}

etcd::AuthChangeResponse FromProto(pb::AuthUserGrantRoleResponse&& reply) {
  return {FromProto(reply.header())};
}

etcd::AuthChangeResponse FromProto(pb::AuthUserRevokeRoleResponse&& reply) {
  return {FromProto(reply.header())};
}

etcd::AuthChangeResponse FromProto(pb::AuthRoleAddResponse&& reply) {
  return {FromProto(reply.header())};
}

etcd::AuthChangeResponse FromProto(pb::AuthRoleDeleteResponse&& reply) {
  return {FromProto(reply.header())};
}

etcd::AuthChangeResponse FromProto(pb::AuthRoleGrantPermissionResponse&& reply) {
  return {FromProto(reply.header())};
}

etcd::AuthChangeResponse FromProto(pb::AuthRoleRevokePermissionResponse&& reply) {
  return {FromProto(reply.header())};
}

etcd::AdmissionChangeResponse FromProto(admissionpb::RuleSetResponse&& reply) {
  return {FromProto(reply.header())};
}

etcd::AdmissionChangeResponse FromProto(admissionpb::RuleDeleteResponse&& reply) {
  return {FromProto(reply.header())};
}

etcd::AdmissionRuleListResponse FromProto(admissionpb::RuleListResponse&& reply) {
  etcd::AdmissionRuleListResponse response{FromProto(reply.header()), {}};
  for (admissionpb::Rule& rule : *reply.mutable_rules()) {
    response.rules.push_back(
        {std::move(*rule.mutable_name()), std::move(*rule.mutable_user()),
         std::move(*rule.mutable_prefix()), rule.requests_per_second(), rule.bytes_per_second(),
         std::chrono::milliseconds(rule.burst_milliseconds()), rule.memory_percent()});
  }
  return response;
}

etcd::UsageResponse FromProto(usagepb::UsageResponse&& reply) {
  etcd::UsageResponse response{FromProto(reply.header()), {}};
  for (usagepb::Group& group : *reply.mutable_groups()) {
    response.groups.push_back(
        {std::move(*group.mutable_prefix()), group.keys(), group.bytes(), group.revisions()});
  }
  return response;
}

}  // namespace client
