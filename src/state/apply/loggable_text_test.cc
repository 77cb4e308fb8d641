#include "state/apply/loggable_text.h"

#include <gtest/gtest.h>

#include "proto/raft_internal.pb.h"
#include "proto/rpc.pb.h"
#include "state/apply/request_type.h"

namespace apply {
namespace {

TEST(LoggableTextTest, OfValuesOnlyTheSizesAreShown) {
  etcdserverpb::InternalRaftRequest request;
  request.mutable_header()->set_id(7);
  request.mutable_put()->set_key("foo");
  request.mutable_put()->set_value("secret");
  EXPECT_EQ(LoggableText(request), "put { key: \"foo\" value_size: 6 } header { ID: 7 }");
}

TEST(LoggableTextTest, NorAreThoseOfTransactionsShown) {
  etcdserverpb::TxnRequest request;
  auto* const compare = request.add_compare();
  compare->set_key("a");
  compare->set_target(etcdserverpb::Compare::VALUE);
  compare->set_value("secret");
  auto* const nested = request.add_success()->mutable_request_txn();
  nested->add_failure()->mutable_request_put()->set_value("secret");
  const std::string text = LoggableText(request);
  EXPECT_EQ(text.find("secret"), std::string::npos) << text;
  EXPECT_NE(text.find("value_size: 6"), std::string::npos) << text;
}

TEST(LoggableTextTest, PasswordsAreNotShown) {
  etcdserverpb::InternalRaftRequest request;
  request.mutable_auth_user_add()->set_name("root");
  request.mutable_auth_user_add()->set_password("secret");
  request.mutable_auth_user_add()->set_hashedpassword("secret");
  const std::string text = LoggableText(request);
  EXPECT_NE(text.find("root"), std::string::npos) << text;
  EXPECT_EQ(text.find("secret"), std::string::npos) << text;
}

TEST(LoggableTextTest, NoPasswordOfAnyRequestIsShown) {
  etcdserverpb::AuthUserChangePasswordRequest change;
  change.set_name("root");
  change.set_password("secret");
  change.set_hashedpassword("secret");
  EXPECT_EQ(LoggableText(change), "name: \"root\" password: \"\" hashedPassword: \"\"");
  etcdserverpb::AuthenticateRequest authenticate;
  authenticate.set_name("root");
  authenticate.set_password("secret");
  EXPECT_EQ(LoggableText(authenticate), "name: \"root\" password: \"\"");
}

// With its number it is the token.
TEST(LoggableTextTest, NorIsWhatATokenBeginsWith) {
  etcdserverpb::InternalRaftRequest request;
  request.mutable_authenticate()->set_name("root");
  request.mutable_authenticate()->set_password("secret");
  request.mutable_authenticate()->set_simple_token("secret");
  const std::string text = LoggableText(request);
  EXPECT_NE(text.find("root"), std::string::npos) << text;
  EXPECT_EQ(text.find("secret"), std::string::npos) << text;
}

TEST(LoggableTextTest, AnEmptyRequestHasNoText) {
  EXPECT_EQ(LoggableText(etcdserverpb::RangeRequest()), "");
}

TEST(RequestTypeTest, KnowsTheFrequentOnesAsWell) {
  using etcdserverpb::InternalRaftRequest;
  std::vector<InternalRaftRequest> requests(3);
  requests[0].mutable_put();
  requests[1].mutable_txn();
  requests[2].mutable_delete_range();
  const char* const names[] = {"Put", "Txn", "DeleteRange"};
  for (size_t i = 0; i < requests.size(); ++i) {
    requests[i].mutable_header()->set_id(1);
    EXPECT_EQ(RequestTypeName(RequestField(requests[i])), names[i]);
  }
  EXPECT_EQ(RequestTypeName(4711), "unknown");
}

TEST(RequestTypeTest, HasTheNamesOfEtcdsMetrics) {
  using etcdserverpb::InternalRaftRequest;
  InternalRaftRequest request;
  EXPECT_EQ(RequestTypeName(RequestField(request)), "unknown");
  request.mutable_header()->set_id(1);
  EXPECT_EQ(RequestTypeName(RequestField(request)), "unknown");
  request.mutable_compaction();
  EXPECT_EQ(RequestTypeName(RequestField(request)), "Compaction");
  EXPECT_EQ(RequestTypeName(InternalRaftRequest::kDeleteRangeFieldNumber), "DeleteRange");
  EXPECT_EQ(RequestTypeName(InternalRaftRequest::kClusterMemberAttrSetFieldNumber),
            "ClusterMemberAttrSet");
}

}  // namespace
}  // namespace apply
