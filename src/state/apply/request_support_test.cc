#include "state/apply/request_support.h"

#include <gtest/gtest.h>

#include <string>

#include "proto/raft_internal.pb.h"
#include "proto/rpc.pb.h"
#include "raft/codec.h"
#include "state/members/member.h"

namespace apply {
namespace {

using etcdserverpb::InternalRaftRequest;
using raft::ConfChange;
using raft::ConfChangeType;

bool CanBeApplied(const std::string& payload) {
  return apply::CanBeApplied({.data = base::SharedBytes(payload)}, {"known"});
}
bool CanBeApplied(const InternalRaftRequest& request) {
  return CanBeApplied(request.SerializeAsString());
}
bool CanBeApplied(const ConfChange& change) {
  base::Bytes data;
  raft::Encode(change, &data);
  return apply::CanBeApplied(
      {.type = raft::EntryType::kConfChange, .data = base::SharedBytes(data)}, {});
}

TEST(RequestSupportTest, WhatIsNoRequestIsNotCarriedOut) {
  EXPECT_TRUE(CanBeApplied(std::string()));
  EXPECT_FALSE(CanBeApplied(std::string("\xff\xff\xff\xff")));
  InternalRaftRequest request;
  request.mutable_header()->set_id(1);
  EXPECT_FALSE(CanBeApplied(request));
  request.mutable_put()->set_key("key");
  EXPECT_TRUE(CanBeApplied(request));
  request.GetReflection()->MutableUnknownFields(&request)->AddVarint(15, 1);
  EXPECT_FALSE(CanBeApplied(request));
}

TEST(RequestSupportTest, OperationsOfTransactionsAreKnownHoweverDeep) {
  InternalRaftRequest request;
  etcdserverpb::TxnRequest* txn = request.mutable_txn();
  for (int depth = 0; depth < 1000; ++depth) {
    txn->add_success()->mutable_request_range();
    txn = txn->add_failure()->mutable_request_txn();
  }
  EXPECT_TRUE(CanBeApplied(request));
  txn->add_failure();
  EXPECT_FALSE(CanBeApplied(request));
}

TEST(RequestSupportTest, ExtensionsAreThoseThatAreUnderstood) {
  InternalRaftRequest request;
  request.mutable_extensions_set()->add_names("known");
  EXPECT_TRUE(CanBeApplied(request));
  request.mutable_extensions_set()->add_names("another");
  EXPECT_FALSE(CanBeApplied(request));
}

TEST(RequestSupportTest, ChangesAreOfWhomTheyName) {
  const base::MemberId id(7);
  members::ChangeContext of_it;
  of_it.member.id = id;
  members::ChangeContext of_another;
  of_another.member.id = base::MemberId(8);
  for (const ConfChangeType type :
       {ConfChangeType::kAddNode, ConfChangeType::kAddLearnerNode, ConfChangeType::kUpdateNode}) {
    EXPECT_TRUE(CanBeApplied({.type = type, .node_id = id, .context = ToJson(of_it)}));
    EXPECT_FALSE(CanBeApplied({.type = type, .node_id = id, .context = ToJson(of_another)}));
    EXPECT_FALSE(CanBeApplied({.type = type, .node_id = id, .context = "{"}));
    EXPECT_FALSE(CanBeApplied({.type = type, .node_id = id}));
  }
  EXPECT_TRUE(CanBeApplied({.type = ConfChangeType::kRemoveNode, .node_id = id}));
  EXPECT_FALSE(CanBeApplied({.type = ConfChangeType::kRemoveNode, .node_id = id, .context = "{"}));
  EXPECT_FALSE(apply::CanBeApplied(
      {.type = raft::EntryType::kConfChange, .data = base::SharedBytes(std::string("\xff"))}, {}));
  EXPECT_FALSE(apply::CanBeApplied({.type = raft::EntryType::kConfChangeV2}, {}));
}

}  // namespace
}  // namespace apply
