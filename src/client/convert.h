#pragma once

#include <etcd/admission.h>
#include <etcd/auth.h>
#include <etcd/cluster.h>
#include <etcd/kv.h>
#include <etcd/lease.h>
#include <etcd/maintenance.h>
#include <etcd/usage.h>
#include <etcd/watch.h>

#include "proto/admission.pb.h"
#include "proto/rpc.pb.h"
#include "proto/usage.pb.h"

// Between the values of the public headers and the messages on the wire.

namespace client {

etcdserverpb::RangeRequest ToProto(const etcd::GetRequest& request);
etcdserverpb::PutRequest ToProto(const etcd::PutRequest& request);
etcdserverpb::DeleteRangeRequest ToProto(const etcd::DeleteRequest& request);
etcdserverpb::TxnRequest ToProto(const etcd::TxnRequest& request);
etcdserverpb::CompactionRequest ToProto(const etcd::CompactRequest& request);
etcdserverpb::WatchCreateRequest ToProto(const etcd::WatchRequest& request);
// No burst is below zero on the wire: that is the longest there is, which members refuse.
admissionpb::Rule ToProto(const etcd::AdmissionRule& rule);
usagepb::UsageRequest ToProto(const etcd::UsageRequest& request);

etcd::ResponseHeader FromProto(const etcdserverpb::ResponseHeader& header);
// What the message holds is moved out of it.
etcd::GetResponse FromProto(etcdserverpb::RangeResponse&& reply);
etcd::PutResponse FromProto(etcdserverpb::PutResponse&& reply);
etcd::DeleteResponse FromProto(etcdserverpb::DeleteRangeResponse&& reply);
etcd::TxnResponse FromProto(etcdserverpb::TxnResponse&& reply);
etcd::CompactResponse FromProto(etcdserverpb::CompactionResponse&& reply);
etcd::LeaseGrantResponse FromProto(etcdserverpb::LeaseGrantResponse&& reply);
etcd::LeaseRevokeResponse FromProto(etcdserverpb::LeaseRevokeResponse&& reply);
etcd::LeaseKeepAliveResponse FromProto(etcdserverpb::LeaseKeepAliveResponse&& reply);
etcd::LeaseTimeToLiveResponse FromProto(etcdserverpb::LeaseTimeToLiveResponse&& reply);
etcd::LeaseListResponse FromProto(etcdserverpb::LeaseLeasesResponse&& reply);
// The header and the events.
etcd::WatchResponse FromProto(etcdserverpb::WatchResponse&& reply);
etcd::MemberListResponse FromProto(etcdserverpb::MemberListResponse&& reply);
etcd::MemberAddResponse FromProto(etcdserverpb::MemberAddResponse&& reply);
etcd::MemberChangeResponse FromProto(etcdserverpb::MemberRemoveResponse&& reply);
etcd::MemberChangeResponse FromProto(etcdserverpb::MemberUpdateResponse&& reply);
etcd::MemberChangeResponse FromProto(etcdserverpb::MemberPromoteResponse&& reply);
etcd::MoveLeaderResponse FromProto(etcdserverpb::MoveLeaderResponse&& reply);
etcd::DowngradeResponse FromProto(etcdserverpb::DowngradeResponse&& reply);
etcd::StatusResponse FromProto(etcdserverpb::StatusResponse&& reply);
etcd::HashKvResponse FromProto(etcdserverpb::HashKVResponse&& reply);
etcd::HashResponse FromProto(etcdserverpb::HashResponse&& reply);
etcd::SnapshotChunk FromProto(etcdserverpb::SnapshotResponse&& reply);
etcd::DefragmentResponse FromProto(etcdserverpb::DefragmentResponse&& reply);
etcd::AlarmResponse FromProto(etcdserverpb::AlarmResponse&& reply);
etcd::AuthStatusResponse FromProto(etcdserverpb::AuthStatusResponse&& reply);
etcd::AuthenticateResponse FromProto(etcdserverpb::AuthenticateResponse&& reply);
etcd::UserGetResponse FromProto(etcdserverpb::AuthUserGetResponse&& reply);
etcd::UserListResponse FromProto(etcdserverpb::AuthUserListResponse&& reply);
etcd::RoleGetResponse FromProto(etcdserverpb::AuthRoleGetResponse&& reply);
etcd::RoleListResponse FromProto(etcdserverpb::AuthRoleListResponse&& reply);
etcd::AuthChangeResponse FromProto(etcdserverpb::AuthEnableResponse&& reply);
etcd::AuthChangeResponse FromProto(etcdserverpb::AuthDisableResponse&& reply);
etcd::AuthChangeResponse FromProto(etcdserverpb::AuthUserAddResponse&& reply);
etcd::AuthChangeResponse FromProto(etcdserverpb::AuthUserDeleteResponse&& reply);
etcd::AuthChangeResponse FromProto(etcdserverpb::AuthUserChangePasswordResponse&& reply);
etcd::AuthChangeResponse FromProto(etcdserverpb::AuthUserGrantRoleResponse&& reply);
etcd::AuthChangeResponse FromProto(etcdserverpb::AuthUserRevokeRoleResponse&& reply);
etcd::AuthChangeResponse FromProto(etcdserverpb::AuthRoleAddResponse&& reply);
etcd::AuthChangeResponse FromProto(etcdserverpb::AuthRoleDeleteResponse&& reply);
etcd::AuthChangeResponse FromProto(etcdserverpb::AuthRoleGrantPermissionResponse&& reply);
etcd::AuthChangeResponse FromProto(etcdserverpb::AuthRoleRevokePermissionResponse&& reply);
etcd::AdmissionChangeResponse FromProto(admissionpb::RuleSetResponse&& reply);
etcd::AdmissionChangeResponse FromProto(admissionpb::RuleDeleteResponse&& reply);
etcd::AdmissionRuleListResponse FromProto(admissionpb::RuleListResponse&& reply);
etcd::UsageResponse FromProto(usagepb::UsageResponse&& reply);

}  // namespace client
