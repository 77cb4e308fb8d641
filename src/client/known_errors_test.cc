#include "client/known_errors.h"

#include <etcd/status.h>
#include <gtest/gtest.h>

#include <string>

namespace client {
namespace {

using etcd::Code;
using etcd::Status;

struct Declared {
  const char* text;
  Code code;
  bool is_known;
};

// What rpctypes 3.7.1 declares, in its order, and whether its table has it.
constexpr Declared kDeclared[] = {
    {"etcdserver: key is not provided", Code::kInvalidArgument, true},
    {"etcdserver: key not found", Code::kInvalidArgument, true},
    {"etcdserver: value is provided", Code::kInvalidArgument, true},
    {"etcdserver: lease is provided", Code::kInvalidArgument, true},
    {"etcdserver: too many operations in txn request", Code::kInvalidArgument, true},
    {"etcdserver: duplicate key given in txn request", Code::kInvalidArgument, true},
    {"etcdserver: invalid client api version", Code::kInvalidArgument, false},
    {"etcdserver: invalid sort option", Code::kInvalidArgument, true},
    {"etcdserver: mvcc: required revision has been compacted", Code::kOutOfRange, true},
    {"etcdserver: mvcc: required revision is a future revision", Code::kOutOfRange, true},
    {"etcdserver: mvcc: database space exceeded", Code::kResourceExhausted, true},
    {"etcdserver: requested lease not found", Code::kNotFound, true},
    {"etcdserver: lease already exists", Code::kFailedPrecondition, true},
    {"etcdserver: too large lease TTL", Code::kOutOfRange, true},
    {"etcdserver: watch canceled", Code::kCanceled, false},
    {"etcdserver: member ID already exist", Code::kFailedPrecondition, true},
    {"etcdserver: Peer URLs already exists", Code::kFailedPrecondition, true},
    {"etcdserver: re-configuration failed due to not enough started members",
     Code::kFailedPrecondition, true},
    {"etcdserver: given member URLs are invalid", Code::kInvalidArgument, true},
    {"etcdserver: member not found", Code::kNotFound, true},
    {"etcdserver: can only promote a learner member", Code::kFailedPrecondition, true},
    {"etcdserver: can only promote a learner member which is in sync with leader",
     Code::kFailedPrecondition, true},
    {"etcdserver: too many learner members in cluster", Code::kFailedPrecondition, true},
    {"etcdserver: cluster ID mismatch", Code::kFailedPrecondition, true},
    {"etcdserver: request is too large", Code::kInvalidArgument, true},
    {"etcdserver: too many requests", Code::kResourceExhausted, true},
    {"etcdserver: root user does not exist", Code::kFailedPrecondition, true},
    {"etcdserver: root user does not have root role", Code::kFailedPrecondition, true},
    {"etcdserver: user name already exists", Code::kFailedPrecondition, true},
    {"etcdserver: user name is empty", Code::kInvalidArgument, true},
    {"etcdserver: user name not found", Code::kFailedPrecondition, true},
    {"etcdserver: role name already exists", Code::kFailedPrecondition, true},
    {"etcdserver: role name not found", Code::kFailedPrecondition, true},
    {"etcdserver: role name is empty", Code::kInvalidArgument, true},
    {"etcdserver: authentication failed, invalid user ID or password", Code::kInvalidArgument,
     true},
    {"etcdserver: permission not given", Code::kInvalidArgument, false},
    {"etcdserver: permission denied", Code::kPermissionDenied, true},
    {"etcdserver: role is not granted to the user", Code::kFailedPrecondition, true},
    {"etcdserver: permission is not granted to the role", Code::kFailedPrecondition, true},
    {"etcdserver: authentication is not enabled", Code::kFailedPrecondition, true},
    {"etcdserver: invalid auth token", Code::kUnauthenticated, true},
    {"etcdserver: invalid auth management", Code::kInvalidArgument, true},
    {"etcdserver: revision of auth store is old", Code::kInvalidArgument, true},
    {"etcdserver: no leader", Code::kUnavailable, true},
    {"etcdserver: not leader", Code::kFailedPrecondition, true},
    {"etcdserver: leader changed", Code::kUnavailable, true},
    {"etcdserver: not capable", Code::kFailedPrecondition, true},
    {"etcdserver: server stopped", Code::kUnavailable, true},
    {"etcdserver: request timed out", Code::kUnavailable, true},
    {"etcdserver: request timed out, possibly due to previous leader failure", Code::kUnavailable,
     true},
    {"etcdserver: request timed out, possibly due to connection lost", Code::kUnavailable, true},
    {"etcdserver: request timed out, waiting for the applied index took too long",
     Code::kUnavailable, false},
    {"etcdserver: unhealthy cluster", Code::kUnavailable, true},
    {"etcdserver: corrupt cluster", Code::kDataLoss, true},
    {"etcdserver: rpc not supported for learner", Code::kFailedPrecondition, true},
    {"etcdserver: bad leader transferee", Code::kFailedPrecondition, true},
    {"etcdserver: wrong downgrade target version format", Code::kInvalidArgument, true},
    {"etcdserver: invalid downgrade target version", Code::kInvalidArgument, true},
    {"etcdserver: cluster version not found during downgrade", Code::kFailedPrecondition, true},
    {"etcdserver: cluster has a downgrade job in progress", Code::kFailedPrecondition, true},
    {"etcdserver: no inflight downgrade job", Code::kFailedPrecondition, true},
    {"etcdserver: request canceled", Code::kCanceled, false},
    {"etcdserver: context deadline exceeded", Code::kDeadlineExceeded, false},
};

TEST(KnownErrorsTest, WhatTheTableOfEtcdHasStandsAloneAndTheRestBehindItsCode) {
  for (const Declared& declared : kDeclared) {
    const std::string code(etcd::CodeName(declared.code));
    EXPECT_EQ(Status(declared.code, declared.text).ToString(),
              declared.is_known ? declared.text
                                : "rpc error: code = " + code + " desc = " + declared.text);
  }
}

TEST(KnownErrorsTest, OnlyTheTextDecides) {
  EXPECT_EQ(Status(Code::kUnknown, "etcdserver: too many requests").ToString(),
            "etcdserver: too many requests");
}

TEST(KnownErrorsTest, ATextThatEtcdsMembersSendAndItsTableLacksStandsBehindItsCode) {
  EXPECT_EQ(
      Status(Code::kUnknown, "etcdserver: request timed out, leader transfer took too long")
          .ToString(),
      "rpc error: code = Unknown desc = etcdserver: request timed out, leader transfer took too "
      "long");
  EXPECT_EQ(Status(Code::kUnknown, "etcdserver: unknown method").ToString(),
            "rpc error: code = Unknown desc = etcdserver: unknown method");
  EXPECT_FALSE(IsKnownError("etcdserver: no leader "));
  EXPECT_FALSE(IsKnownError(""));
}

}  // namespace
}  // namespace client
