#pragma once

#include <etcd/admission.h>
#include <etcd/auth.h>
#include <etcd/cluster.h>
#include <etcd/kv.h>
#include <etcd/lease.h>
#include <etcd/maintenance.h>
#include <etcd/usage.h>

#include "ctl/printer.h"
#include "proto/admission.pb.h"
#include "proto/rpc.pb.h"
#include "proto/usage.pb.h"

// Answers as the messages they came in, for the formats that show those.

namespace ctl {

etcdserverpb::RangeResponse ToProto(const etcd::GetResponse& response);
etcdserverpb::PutResponse ToProto(const etcd::PutResponse& response);
etcdserverpb::DeleteRangeResponse ToProto(const etcd::DeleteResponse& response);
etcdserverpb::TxnResponse ToProto(const etcd::TxnResponse& response);
etcdserverpb::LeaseRevokeResponse ToProto(const etcd::LeaseRevokeResponse& response);
// With a header, though it be one of zeros.
etcdserverpb::WatchResponse ToProto(const WatchShown& shown);
etcdserverpb::MemberListResponse ToProto(const etcd::MemberListResponse& response);
etcdserverpb::MemberAddResponse ToProto(const etcd::MemberAddResponse& response);
// Those of a removal, an update and a promotion have the same fields.
etcdserverpb::MemberRemoveResponse ToProto(const etcd::MemberChangeResponse& response);
etcdserverpb::MoveLeaderResponse ToProto(const etcd::MoveLeaderResponse& response);
etcdserverpb::DowngradeResponse ToProto(const etcd::DowngradeResponse& response);
etcdserverpb::AlarmResponse ToProto(const etcd::AlarmResponse& response);
etcdserverpb::AuthStatusResponse ToProto(const etcd::AuthStatusResponse& response);
etcdserverpb::AuthUserGetResponse ToProto(const etcd::UserGetResponse& response);
etcdserverpb::AuthUserListResponse ToProto(const etcd::UserListResponse& response);
etcdserverpb::AuthRoleGetResponse ToProto(const etcd::RoleGetResponse& response);
etcdserverpb::AuthRoleListResponse ToProto(const etcd::RoleListResponse& response);
// All changes have a header and nothing else.
etcdserverpb::AuthUserAddResponse ToProto(const etcd::AuthChangeResponse& response);
admissionpb::RuleListResponse ToProto(const etcd::AdmissionRuleListResponse& response);
// Those of a rule that was set and of one that was deleted have a header and nothing else.
admissionpb::RuleSetResponse ToProto(const etcd::AdmissionChangeResponse& response);
usagepb::UsageResponse ToProto(const etcd::UsageResponse& response);
etcdserverpb::StatusResponse ToProto(const etcd::StatusResponse& response);
etcdserverpb::HashKVResponse ToProto(const etcd::HashKvResponse& response);

etcdserverpb::ResponseHeader ToProto(const etcd::ResponseHeader& header);

}  // namespace ctl
