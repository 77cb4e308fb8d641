#pragma once

#include "proto/admission.pb.h"
#include "proto/rpc.pb.h"
#include "proto/usage.pb.h"
#include "proto/v3election.pb.h"
#include "proto/v3lock.pb.h"

namespace v3::testing {

// A method as a client calls it: where it is, what it takes and what it answers.
template <typename RequestType, typename ResponseType>
struct Method {
  using Request = RequestType;
  using Response = ResponseType;

  const char* path;
};

inline constexpr Method<etcdserverpb::RangeRequest, etcdserverpb::RangeResponse> kRange{
    "/etcdserverpb.KV/Range"};
inline constexpr Method<etcdserverpb::RangeRequest, etcdserverpb::RangeStreamResponse> kRangeStream{
    "/etcdserverpb.KV/RangeStream"};
inline constexpr Method<etcdserverpb::PutRequest, etcdserverpb::PutResponse> kPut{
    "/etcdserverpb.KV/Put"};
inline constexpr Method<etcdserverpb::DeleteRangeRequest, etcdserverpb::DeleteRangeResponse>
    kDeleteRange{"/etcdserverpb.KV/DeleteRange"};
inline constexpr Method<etcdserverpb::TxnRequest, etcdserverpb::TxnResponse> kTxn{
    "/etcdserverpb.KV/Txn"};
inline constexpr Method<etcdserverpb::CompactionRequest, etcdserverpb::CompactionResponse> kCompact{
    "/etcdserverpb.KV/Compact"};
inline constexpr Method<etcdserverpb::LeaseGrantRequest, etcdserverpb::LeaseGrantResponse>
    kLeaseGrant{"/etcdserverpb.Lease/LeaseGrant"};
inline constexpr Method<etcdserverpb::LeaseRevokeRequest, etcdserverpb::LeaseRevokeResponse>
    kLeaseRevoke{"/etcdserverpb.Lease/LeaseRevoke"};
inline constexpr Method<etcdserverpb::LeaseKeepAliveRequest, etcdserverpb::LeaseKeepAliveResponse>
    kLeaseKeepAlive{"/etcdserverpb.Lease/LeaseKeepAlive"};
inline constexpr Method<etcdserverpb::LeaseTimeToLiveRequest, etcdserverpb::LeaseTimeToLiveResponse>
    kLeaseTimeToLive{"/etcdserverpb.Lease/LeaseTimeToLive"};
inline constexpr Method<etcdserverpb::LeaseLeasesRequest, etcdserverpb::LeaseLeasesResponse>
    kLeaseLeases{"/etcdserverpb.Lease/LeaseLeases"};
inline constexpr Method<v3lockpb::LockRequest, v3lockpb::LockResponse> kLock{"/v3lockpb.Lock/Lock"};
inline constexpr Method<v3lockpb::UnlockRequest, v3lockpb::UnlockResponse> kUnlock{
    "/v3lockpb.Lock/Unlock"};
inline constexpr Method<v3electionpb::CampaignRequest, v3electionpb::CampaignResponse> kCampaign{
    "/v3electionpb.Election/Campaign"};
inline constexpr Method<v3electionpb::ProclaimRequest, v3electionpb::ProclaimResponse> kProclaim{
    "/v3electionpb.Election/Proclaim"};
inline constexpr Method<v3electionpb::LeaderRequest, v3electionpb::LeaderResponse> kLeader{
    "/v3electionpb.Election/Leader"};
inline constexpr Method<v3electionpb::LeaderRequest, v3electionpb::LeaderResponse> kObserve{
    "/v3electionpb.Election/Observe"};
inline constexpr Method<v3electionpb::ResignRequest, v3electionpb::ResignResponse> kResign{
    "/v3electionpb.Election/Resign"};
inline constexpr Method<etcdserverpb::WatchRequest, etcdserverpb::WatchResponse> kWatch{
    "/etcdserverpb.Watch/Watch"};
inline constexpr Method<etcdserverpb::MemberListRequest, etcdserverpb::MemberListResponse>
    kMemberList{"/etcdserverpb.Cluster/MemberList"};
inline constexpr Method<etcdserverpb::MemberAddRequest, etcdserverpb::MemberAddResponse> kMemberAdd{
    "/etcdserverpb.Cluster/MemberAdd"};
inline constexpr Method<etcdserverpb::MemberRemoveRequest, etcdserverpb::MemberRemoveResponse>
    kMemberRemove{"/etcdserverpb.Cluster/MemberRemove"};
inline constexpr Method<etcdserverpb::MemberUpdateRequest, etcdserverpb::MemberUpdateResponse>
    kMemberUpdate{"/etcdserverpb.Cluster/MemberUpdate"};
inline constexpr Method<etcdserverpb::MemberPromoteRequest, etcdserverpb::MemberPromoteResponse>
    kMemberPromote{"/etcdserverpb.Cluster/MemberPromote"};
inline constexpr Method<etcdserverpb::MoveLeaderRequest, etcdserverpb::MoveLeaderResponse>
    kMoveLeader{"/etcdserverpb.Maintenance/MoveLeader"};
inline constexpr Method<etcdserverpb::DowngradeRequest, etcdserverpb::DowngradeResponse> kDowngrade{
    "/etcdserverpb.Maintenance/Downgrade"};
inline constexpr Method<etcdserverpb::StatusRequest, etcdserverpb::StatusResponse> kStatus{
    "/etcdserverpb.Maintenance/Status"};
inline constexpr Method<etcdserverpb::AlarmRequest, etcdserverpb::AlarmResponse> kAlarm{
    "/etcdserverpb.Maintenance/Alarm"};
inline constexpr Method<etcdserverpb::DefragmentRequest, etcdserverpb::DefragmentResponse>
    kDefragment{"/etcdserverpb.Maintenance/Defragment"};
inline constexpr Method<etcdserverpb::HashRequest, etcdserverpb::HashResponse> kHash{
    "/etcdserverpb.Maintenance/Hash"};
inline constexpr Method<etcdserverpb::HashKVRequest, etcdserverpb::HashKVResponse> kHashKV{
    "/etcdserverpb.Maintenance/HashKV"};
inline constexpr Method<etcdserverpb::SnapshotRequest, etcdserverpb::SnapshotResponse> kSnapshot{
    "/etcdserverpb.Maintenance/Snapshot"};
inline constexpr Method<etcdserverpb::AuthStatusRequest, etcdserverpb::AuthStatusResponse>
    kAuthStatus{"/etcdserverpb.Auth/AuthStatus"};
inline constexpr Method<etcdserverpb::AuthenticateRequest, etcdserverpb::AuthenticateResponse>
    kAuthenticate{"/etcdserverpb.Auth/Authenticate"};
inline constexpr Method<etcdserverpb::AuthEnableRequest, etcdserverpb::AuthEnableResponse>
    kAuthEnable{"/etcdserverpb.Auth/AuthEnable"};
inline constexpr Method<etcdserverpb::AuthDisableRequest, etcdserverpb::AuthDisableResponse>
    kAuthDisable{"/etcdserverpb.Auth/AuthDisable"};
inline constexpr Method<etcdserverpb::AuthUserAddRequest, etcdserverpb::AuthUserAddResponse>
    kUserAdd{"/etcdserverpb.Auth/UserAdd"};
inline constexpr Method<etcdserverpb::AuthUserGetRequest, etcdserverpb::AuthUserGetResponse>
    kUserGet{"/etcdserverpb.Auth/UserGet"};
inline constexpr Method<etcdserverpb::AuthUserListRequest, etcdserverpb::AuthUserListResponse>
    kUserList{"/etcdserverpb.Auth/UserList"};
inline constexpr Method<etcdserverpb::AuthUserDeleteRequest, etcdserverpb::AuthUserDeleteResponse>
    kUserDelete{"/etcdserverpb.Auth/UserDelete"};
inline constexpr Method<etcdserverpb::AuthUserChangePasswordRequest,
                        etcdserverpb::AuthUserChangePasswordResponse>
    kUserChangePassword{"/etcdserverpb.Auth/UserChangePassword"};
inline constexpr Method<etcdserverpb::AuthUserGrantRoleRequest,
                        etcdserverpb::AuthUserGrantRoleResponse>
    kUserGrantRole{"/etcdserverpb.Auth/UserGrantRole"};
inline constexpr Method<etcdserverpb::AuthUserRevokeRoleRequest,
                        etcdserverpb::AuthUserRevokeRoleResponse>
    kUserRevokeRole{"/etcdserverpb.Auth/UserRevokeRole"};
inline constexpr Method<etcdserverpb::AuthRoleAddRequest, etcdserverpb::AuthRoleAddResponse>
    kRoleAdd{"/etcdserverpb.Auth/RoleAdd"};
inline constexpr Method<etcdserverpb::AuthRoleGetRequest, etcdserverpb::AuthRoleGetResponse>
    kRoleGet{"/etcdserverpb.Auth/RoleGet"};
inline constexpr Method<etcdserverpb::AuthRoleListRequest, etcdserverpb::AuthRoleListResponse>
    kRoleList{"/etcdserverpb.Auth/RoleList"};
inline constexpr Method<etcdserverpb::AuthRoleDeleteRequest, etcdserverpb::AuthRoleDeleteResponse>
    kRoleDelete{"/etcdserverpb.Auth/RoleDelete"};
inline constexpr Method<etcdserverpb::AuthRoleGrantPermissionRequest,
                        etcdserverpb::AuthRoleGrantPermissionResponse>
    kRoleGrantPermission{"/etcdserverpb.Auth/RoleGrantPermission"};
inline constexpr Method<etcdserverpb::AuthRoleRevokePermissionRequest,
                        etcdserverpb::AuthRoleRevokePermissionResponse>
    kRoleRevokePermission{"/etcdserverpb.Auth/RoleRevokePermission"};

inline constexpr Method<admissionpb::RuleSetRequest, admissionpb::RuleSetResponse> kRuleSet{
    "/admissionpb.Admission/RuleSet"};
inline constexpr Method<admissionpb::RuleDeleteRequest, admissionpb::RuleDeleteResponse>
    kRuleDelete{"/admissionpb.Admission/RuleDelete"};
inline constexpr Method<admissionpb::RuleListRequest, admissionpb::RuleListResponse> kRuleList{
    "/admissionpb.Admission/RuleList"};

inline constexpr Method<usagepb::UsageRequest, usagepb::UsageResponse> kUsage{
    "/usagepb.Usage/Usage"};

}  // namespace v3::testing
