#include "ctl/to_proto.h"

namespace ctl {
namespace {

namespace pb = etcdserverpb;

void Set(const etcd::ResponseHeader& header, pb::ResponseHeader* out) {
  out->set_cluster_id(header.cluster_id);
  out->set_member_id(header.member_id);
  out->set_revision(header.revision);
  out->set_raft_term(header.raft_term);
}

// No member answers with a header of zeros.
template <typename Message>
void SetHeader(const etcd::ResponseHeader& header, Message* message) {
  if (!(header == etcd::ResponseHeader{})) Set(header, message->mutable_header());
}

void Set(const etcd::KeyValue& kv, mvccpb::KeyValue* out) {
  out->set_key(kv.key);
  out->set_create_revision(kv.create_revision);
  out->set_mod_revision(kv.mod_revision);
  out->set_version(kv.version);
  out->set_value(kv.value);
  out->set_lease(kv.lease);
}

void Set(const etcd::Member& member, pb::Member* out) {
  out->set_id(member.id);
  out->set_name(member.name);
  for (const std::string& url : member.peer_urls) out->add_peerurls(url);
  for (const std::string& url : member.client_urls) out->add_clienturls(url);
  out->set_islearner(member.is_learner);
}

struct AddResponse {
  pb::ResponseOp* op;
  void operator()(const etcd::GetResponse& response) const {
    *op->mutable_response_range() = ToProto(response);
  }
  void operator()(const etcd::PutResponse& response) const {
    *op->mutable_response_put() = ToProto(response);
  }
  void operator()(const etcd::DeleteResponse& response) const {
    *op->mutable_response_delete_range() = ToProto(response);
  }
  void operator()(const etcd::TxnResponse& response) const {
    *op->mutable_response_txn() = ToProto(response);
  }
};

}  // namespace

pb::RangeResponse ToProto(const etcd::GetResponse& response) {
  pb::RangeResponse message;
  SetHeader(response.header, &message);
  for (const etcd::KeyValue& kv : response.kvs) Set(kv, message.add_kvs());
  message.set_more(response.more);
  message.set_count(response.count);
  return message;
}

pb::PutResponse ToProto(const etcd::PutResponse& response) {
  pb::PutResponse message;
  SetHeader(response.header, &message);
  if (response.prev_kv.has_value()) Set(*response.prev_kv, message.mutable_prev_kv());
  return message;
}

pb::DeleteRangeResponse ToProto(const etcd::DeleteResponse& response) {
  pb::DeleteRangeResponse message;
  SetHeader(response.header, &message);
  message.set_deleted(response.deleted);
  for (const etcd::KeyValue& kv : response.prev_kvs) Set(kv, message.add_prev_kvs());
  return message;
}

pb::TxnResponse ToProto(const etcd::TxnResponse& response) {
  pb::TxnResponse message;
  SetHeader(response.header, &message);
  message.set_succeeded(response.succeeded);
  for (const etcd::OpResponse& op : response.responses) {
    std::visit(AddResponse{message.add_responses()}, op.response);
  }
  return message;
}

pb::LeaseRevokeResponse ToProto(const etcd::LeaseRevokeResponse& response) {
  pb::LeaseRevokeResponse message;
  SetHeader(response.header, &message);
  return message;
}

pb::ResponseHeader ToProto(const etcd::ResponseHeader& header) {
  pb::LeaseRevokeResponse message;
  SetHeader(header, &message);
  return message.header();
}

pb::WatchResponse ToProto(const WatchShown& shown) {
  pb::WatchResponse message;
  Set(shown.header, message.mutable_header());
  for (const etcd::Event& event : shown.events) {
    mvccpb::Event* const out = message.add_events();
    out->set_type(static_cast<mvccpb::Event::EventType>(event.type));
    Set(event.kv, out->mutable_kv());
    if (event.prev_kv.has_value()) Set(*event.prev_kv, out->mutable_prev_kv());
  }
  message.set_compact_revision(shown.compact_revision);
  message.set_canceled(shown.canceled);
  return message;
}

pb::MemberListResponse ToProto(const etcd::MemberListResponse& response) {
  pb::MemberListResponse message;
  SetHeader(response.header, &message);
  for (const etcd::Member& member : response.members) Set(member, message.add_members());
  return message;
}

pb::MemberAddResponse ToProto(const etcd::MemberAddResponse& response) {
  pb::MemberAddResponse message;
  SetHeader(response.header, &message);
  Set(response.member, message.mutable_member());
  for (const etcd::Member& member : response.members) Set(member, message.add_members());
  return message;
}

pb::MemberRemoveResponse ToProto(const etcd::MemberChangeResponse& response) {
  pb::MemberRemoveResponse message;
  SetHeader(response.header, &message);
  for (const etcd::Member& member : response.members) Set(member, message.add_members());
  return message;
}

pb::MoveLeaderResponse ToProto(const etcd::MoveLeaderResponse& response) {
  pb::MoveLeaderResponse message;
  SetHeader(response.header, &message);
  return message;
}

pb::DowngradeResponse ToProto(const etcd::DowngradeResponse& response) {
  pb::DowngradeResponse message;
  SetHeader(response.header, &message);
  message.set_version(response.version);
  return message;
}

pb::AlarmResponse ToProto(const etcd::AlarmResponse& response) {
  pb::AlarmResponse message;
  SetHeader(response.header, &message);
  for (const etcd::Alarm& alarm : response.alarms) {
    pb::AlarmMember* const out = message.add_alarms();
    out->set_memberid(alarm.member_id);
    out->set_alarm(static_cast<pb::AlarmType>(alarm.type));
  }
  return message;
}

pb::AuthStatusResponse ToProto(const etcd::AuthStatusResponse& response) {
  pb::AuthStatusResponse message;
  SetHeader(response.header, &message);
  message.set_enabled(response.enabled);
  message.set_authrevision(response.auth_revision);
  return message;
}

pb::AuthUserGetResponse ToProto(const etcd::UserGetResponse& response) {
  pb::AuthUserGetResponse message;
  SetHeader(response.header, &message);
  for (const std::string& role : response.roles) message.add_roles(role);
  return message;
}

pb::AuthUserListResponse ToProto(const etcd::UserListResponse& response) {
  pb::AuthUserListResponse message;
  SetHeader(response.header, &message);
  for (const std::string& user : response.users) message.add_users(user);
  return message;
}

pb::AuthRoleGetResponse ToProto(const etcd::RoleGetResponse& response) {
  pb::AuthRoleGetResponse message;
  SetHeader(response.header, &message);
  for (const etcd::Permission& permission : response.permissions) {
    authpb::Permission* const out = message.add_perm();
    out->set_permtype(static_cast<authpb::Permission::Type>(permission.type));
    out->set_key(permission.key);
    out->set_range_end(permission.range_end);
  }
  return message;
}

pb::AuthRoleListResponse ToProto(const etcd::RoleListResponse& response) {
  pb::AuthRoleListResponse message;
  SetHeader(response.header, &message);
  for (const std::string& role : response.roles) message.add_roles(role);
  return message;
}

pb::AuthUserAddResponse ToProto(const etcd::AuthChangeResponse& response) {
  pb::AuthUserAddResponse message;
  SetHeader(response.header, &message);
  return message;
}

admissionpb::RuleListResponse ToProto(const etcd::AdmissionRuleListResponse& response) {
  admissionpb::RuleListResponse message;
  SetHeader(response.header, &message);
  for (const etcd::AdmissionRule& rule : response.rules) {
    admissionpb::Rule& added = *message.add_rules();
    added.set_name(rule.name);
    added.set_user(rule.user);
    added.set_prefix(rule.prefix);
    added.set_requests_per_second(rule.requests_per_second);
    added.set_bytes_per_second(rule.bytes_per_second);
    added.set_burst_milliseconds(static_cast<uint64_t>(rule.burst.count()));
    added.set_memory_percent(rule.memory_percent);
  }
  return message;
}

admissionpb::RuleSetResponse ToProto(const etcd::AdmissionChangeResponse& response) {
  admissionpb::RuleSetResponse message;
  SetHeader(response.header, &message);
  return message;
}

usagepb::UsageResponse ToProto(const etcd::UsageResponse& response) {
  usagepb::UsageResponse message;
  SetHeader(response.header, &message);
  for (const etcd::UsageGroup& group : response.groups) {
    usagepb::Group& added = *message.add_groups();
    added.set_prefix(group.prefix);
    added.set_keys(group.keys);
    added.set_bytes(group.bytes);
    added.set_revisions(group.revisions);
  }
  return message;
}

pb::StatusResponse ToProto(const etcd::StatusResponse& response) {
  pb::StatusResponse message;
  SetHeader(response.header, &message);
  message.set_version(response.version);
  message.set_dbsize(response.db_size);
  message.set_leader(response.leader);
  message.set_raftindex(response.raft_index);
  message.set_raftterm(response.raft_term);
  message.set_raftappliedindex(response.raft_applied_index);
  for (const std::string& error : response.errors) message.add_errors(error);
  message.set_dbsizeinuse(response.db_size_in_use);
  message.set_islearner(response.is_learner);
  message.set_storageversion(response.storage_version);
  message.set_dbsizequota(response.db_size_quota);
  if (response.has_downgrade_info) {
    message.mutable_downgradeinfo()->set_enabled(response.downgrade_enabled);
    message.mutable_downgradeinfo()->set_targetversion(response.downgrade_target_version);
  }
  return message;
}

pb::HashKVResponse ToProto(const etcd::HashKvResponse& response) {
  pb::HashKVResponse message;
  SetHeader(response.header, &message);
  message.set_hash(response.hash);
  message.set_compact_revision(response.compact_revision);
  message.set_hash_revision(response.hash_revision);
  return message;
}

}  // namespace ctl
