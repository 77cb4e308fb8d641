#include "api/v3/cluster_service.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "api/v3/testing/served_member.h"
#include "base/errors.h"

namespace v3 {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::ServedMember;

etcdserverpb::MemberListRequest Linearizable() {
  etcdserverpb::MemberListRequest request;
  request.set_linearizable(true);
  return request;
}

TEST(ClusterServiceTest, AMemberIsListedWithItsNameAndItsUrls) {
  ServedMember member;
  member.StartAndWait();
  for (const auto& request : {etcdserverpb::MemberListRequest(), Linearizable()}) {
    const auto answer = member.Call(testing::kMemberList, request);
    ASSERT_TRUE(answer.ok());
    ASSERT_EQ(answer.response().members_size(), 1);
    const etcdserverpb::Member& listed = answer.response().members(0);
    EXPECT_EQ(listed.id(), member.server().id().value());
    EXPECT_EQ(listed.name(), "default");
    EXPECT_FALSE(listed.islearner());
    EXPECT_THAT(listed.peerurls(), ElementsAre("http://localhost:2380"));
    EXPECT_THAT(listed.clienturls(), ElementsAre("http://localhost:2379"));
  }
}

TEST(ClusterServiceTest, TheHeaderHasNoRevision) {
  ServedMember member;
  member.StartAndWait();
  const auto answer = member.Call(testing::kMemberList, Linearizable());
  const etcdserverpb::ResponseHeader& header = answer.response().header();
  EXPECT_EQ(header.cluster_id(), member.server().cluster().value());
  EXPECT_EQ(header.member_id(), member.server().id().value());
  EXPECT_EQ(header.raft_term(), member.server().progress().term);
  EXPECT_EQ(header.revision(), 0);
}

TEST(ClusterServiceTest, WithoutALeaderOnlyThisMembersViewIsTold) {
  ServedMember member;
  member.StartAlone();
  EXPECT_EQ(member.Call(testing::kMemberList, {}).response().members_size(), 3);
  EXPECT_EQ(member.Call(testing::kMemberList, Linearizable()).status, base::errors::kTimeout);
}

TEST(ClusterServiceTest, BytesThatAreNoRequestAreRefused) {
  ServedMember member;
  member.StartAndWait();
  EXPECT_EQ(member.CallRaw(testing::kMemberList, "\x08").status.code(), base::Code::kInternal);
}

TEST(ClusterServiceTest, TheGatewayListsMembers) {
  ServedMember member;
  member.StartAndWait();
  EXPECT_THAT(member.PostJson("/v3/cluster/member/list", "{}"),
              HasSubstr("\"clientURLs\":[\"http://localhost:2379\"]"));
}

}  // namespace
}  // namespace v3
