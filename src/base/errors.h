#pragma once

#include <string_view>

#include "base/status.h"

// The errors that clients see, one table: code and text together are part of etcd's protocol, and
// clients in several languages match on the text. Codes are those of etcd 3.7; some are
// Unknown on the wire although they name a better-known condition, as etcd answers them.

namespace base::errors {

struct Error {
  Code code;
  std::string_view text;

  // Implicit: `return errors::kCompacted;`
  operator Status() const { return Status(code, text); }
  friend bool operator==(const Status& status, const Error& error) {
    return status.code() == error.code && status.message() == error.text;
  }
};

inline constexpr Error kEmptyKey{Code::kInvalidArgument, "etcdserver: key is not provided"};
inline constexpr Error kKeyNotFound{Code::kInvalidArgument, "etcdserver: key not found"};
inline constexpr Error kValueProvided{Code::kInvalidArgument, "etcdserver: value is provided"};
inline constexpr Error kLeaseProvided{Code::kInvalidArgument, "etcdserver: lease is provided"};
inline constexpr Error kTooManyOps{Code::kInvalidArgument,
                                   "etcdserver: too many operations in txn request"};
inline constexpr Error kDuplicateKey{Code::kInvalidArgument,
                                     "etcdserver: duplicate key given in txn request"};
inline constexpr Error kInvalidClientApiVersion{Code::kInvalidArgument,
                                                "etcdserver: invalid client api version"};
inline constexpr Error kInvalidSortOption{Code::kInvalidArgument,
                                          "etcdserver: invalid sort option"};
inline constexpr Error kMemberBadUrls{Code::kInvalidArgument,
                                      "etcdserver: given member URLs are invalid"};
inline constexpr Error kRequestTooLarge{Code::kInvalidArgument, "etcdserver: request is too large"};
inline constexpr Error kUserEmpty{Code::kInvalidArgument, "etcdserver: user name is empty"};
inline constexpr Error kRoleEmpty{Code::kInvalidArgument, "etcdserver: role name is empty"};
inline constexpr Error kAuthFailed{
    Code::kInvalidArgument, "etcdserver: authentication failed, invalid user ID or password"};
inline constexpr Error kPermissionNotGiven{Code::kInvalidArgument,
                                           "etcdserver: permission not given"};
inline constexpr Error kInvalidAuthManagement{Code::kInvalidArgument,
                                              "etcdserver: invalid auth management"};
inline constexpr Error kAuthOldRevision{Code::kInvalidArgument,
                                        "etcdserver: revision of auth store is old"};
inline constexpr Error kWrongDowngradeVersionFormat{
    Code::kInvalidArgument, "etcdserver: wrong downgrade target version format"};
inline constexpr Error kInvalidDowngradeTargetVersion{
    Code::kInvalidArgument, "etcdserver: invalid downgrade target version"};

inline constexpr Error kCompacted{Code::kOutOfRange,
                                  "etcdserver: mvcc: required revision has been compacted"};
inline constexpr Error kFutureRevision{Code::kOutOfRange,
                                       "etcdserver: mvcc: required revision is a future revision"};
inline constexpr Error kLeaseTtlTooLarge{Code::kOutOfRange, "etcdserver: too large lease TTL"};

inline constexpr Error kNoSpace{Code::kResourceExhausted,
                                "etcdserver: mvcc: database space exceeded"};

inline constexpr Error kTooManyRequests{Code::kUnknown, "etcdserver: too many requests"};
inline constexpr Error kNotEnoughStartedMembers{
    Code::kUnknown, "etcdserver: re-configuration failed due to not enough started members"};
inline constexpr Error kLeaderTransferTimeout{
    Code::kUnknown, "etcdserver: request timed out, leader transfer took too long"};
// Of locks and elections, whose texts have no "etcdserver".
inline constexpr Error kSessionExpired{Code::kUnknown, "mutex: session is expired"};
inline constexpr Error kElectionNotLeader{Code::kUnknown, "election: not leader"};
inline constexpr Error kElectionNoLeader{Code::kUnknown, "election: no leader"};
inline constexpr Error kNoPasswordUser{
    Code::kUnknown, "auth: authentication failed, password was given for no password user"};
inline constexpr Error kMissingLeaderKey{Code::kUnknown, "\"leader\" field must be provided"};
inline constexpr Error kUnknownMethod{Code::kUnknown, "etcdserver: unknown method"};

inline constexpr Error kLeaseNotFound{Code::kNotFound, "etcdserver: requested lease not found"};
inline constexpr Error kMemberNotFound{Code::kNotFound, "etcdserver: member not found"};

inline constexpr Error kLeaseExists{Code::kFailedPrecondition, "etcdserver: lease already exists"};
inline constexpr Error kMemberExists{Code::kFailedPrecondition,
                                     "etcdserver: member ID already exist"};
inline constexpr Error kPeerUrlExists{Code::kFailedPrecondition,
                                      "etcdserver: Peer URLs already exists"};
inline constexpr Error kMemberNotLearner{Code::kFailedPrecondition,
                                         "etcdserver: can only promote a learner member"};
inline constexpr Error kLearnerNotReady{
    Code::kFailedPrecondition,
    "etcdserver: can only promote a learner member which is in sync with leader"};
inline constexpr Error kTooManyLearners{Code::kFailedPrecondition,
                                        "etcdserver: too many learner members in cluster"};
inline constexpr Error kClusterIdMismatch{Code::kFailedPrecondition,
                                          "etcdserver: cluster ID mismatch"};
inline constexpr Error kRootUserNotExist{Code::kFailedPrecondition,
                                         "etcdserver: root user does not exist"};
inline constexpr Error kRootRoleNotExist{Code::kFailedPrecondition,
                                         "etcdserver: root user does not have root role"};
inline constexpr Error kUserExists{Code::kFailedPrecondition,
                                   "etcdserver: user name already exists"};
inline constexpr Error kUserNotFound{Code::kFailedPrecondition, "etcdserver: user name not found"};
inline constexpr Error kRoleExists{Code::kFailedPrecondition,
                                   "etcdserver: role name already exists"};
inline constexpr Error kRoleNotFound{Code::kFailedPrecondition, "etcdserver: role name not found"};
inline constexpr Error kRoleNotGranted{Code::kFailedPrecondition,
                                       "etcdserver: role is not granted to the user"};
inline constexpr Error kPermissionNotGranted{Code::kFailedPrecondition,
                                             "etcdserver: permission is not granted to the role"};
inline constexpr Error kAuthNotEnabled{Code::kFailedPrecondition,
                                       "etcdserver: authentication is not enabled"};
inline constexpr Error kNotLeader{Code::kFailedPrecondition, "etcdserver: not leader"};
inline constexpr Error kNotCapable{Code::kFailedPrecondition, "etcdserver: not capable"};
inline constexpr Error kNotSupportedForLearner{Code::kFailedPrecondition,
                                               "etcdserver: rpc not supported for learner"};
inline constexpr Error kBadLeaderTransferee{Code::kFailedPrecondition,
                                            "etcdserver: bad leader transferee"};
inline constexpr Error kClusterVersionUnavailable{
    Code::kFailedPrecondition, "etcdserver: cluster version not found during downgrade"};
inline constexpr Error kDowngradeInProgress{Code::kFailedPrecondition,
                                            "etcdserver: cluster has a downgrade job in progress"};
inline constexpr Error kNoInflightDowngrade{Code::kFailedPrecondition,
                                            "etcdserver: no inflight downgrade job"};

inline constexpr Error kPermissionDenied{Code::kPermissionDenied, "etcdserver: permission denied"};

inline constexpr Error kInvalidAuthToken{Code::kUnauthenticated, "etcdserver: invalid auth token"};

inline constexpr Error kNoLeader{Code::kUnavailable, "etcdserver: no leader"};
inline constexpr Error kLeaderChanged{Code::kUnavailable, "etcdserver: leader changed"};
inline constexpr Error kStopped{Code::kUnavailable, "etcdserver: server stopped"};
inline constexpr Error kTimeout{Code::kUnavailable, "etcdserver: request timed out"};
inline constexpr Error kTimeoutDueToLeaderFailure{
    Code::kUnavailable, "etcdserver: request timed out, possibly due to previous leader failure"};
inline constexpr Error kTimeoutDueToConnectionLost{
    Code::kUnavailable, "etcdserver: request timed out, possibly due to connection lost"};
inline constexpr Error kTimeoutWaitAppliedIndex{
    Code::kUnavailable,
    "etcdserver: request timed out, waiting for the applied index took too long"};
inline constexpr Error kUnhealthy{Code::kUnavailable, "etcdserver: unhealthy cluster"};

inline constexpr Error kCorrupt{Code::kDataLoss, "etcdserver: corrupt cluster"};

inline constexpr Error kWatchCanceled{Code::kCanceled, "etcdserver: watch canceled"};
inline constexpr Error kRequestCanceled{Code::kCanceled, "etcdserver: request canceled"};

inline constexpr Error kDeadlineExceeded{Code::kDeadlineExceeded, "context deadline exceeded"};

}  // namespace base::errors
