#include "api/v3/cluster_service.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

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

// A member that is alone, and the members that it has added never answer.
class GrowingTest : public ::testing::Test {
 protected:
  GrowingTest() {
    member_.options().max_learners = 2;
    member_.member().transport = &others_;
    member_.StartAndWait();
  }
  testing::Answer<etcdserverpb::MemberAddResponse> Add(const std::vector<std::string>& urls) {
    etcdserverpb::MemberAddRequest request;
    for (const std::string& url : urls) request.add_peerurls(url);
    request.set_islearner(true);
    return member_.Call(testing::kMemberAdd, request);
  }
  testing::Answer<etcdserverpb::MemberUpdateResponse> Update(uint64_t id,
                                                             const std::vector<std::string>& urls) {
    etcdserverpb::MemberUpdateRequest request;
    request.set_id(id);
    for (const std::string& url : urls) request.add_peerurls(url);
    return member_.Call(testing::kMemberUpdate, request);
  }
  template <typename Request, typename Response>
  testing::Answer<Response> Change(const testing::Method<Request, Response>& method, uint64_t id) {
    Request request;
    request.set_id(id);
    return member_.Call(method, request);
  }
  uint64_t self() { return member_.server().id().value(); }

  server::LostMessages others_;
  ServedMember member_;
};

TEST_F(GrowingTest, AMemberIsAddedUnderAnIdOfItsUrlsAndTheTime) {
  const int64_t second = member_.member().net_loop().clock().WallNow().unix_nanos / 1'000'000'000;
  const auto answer = Add({"http://b:1", " http://a:1"});
  ASSERT_TRUE(answer.ok());
  const etcdserverpb::Member& added = answer.response().member();
  EXPECT_EQ(added.id(), members::AddedMemberId({"http://a:1", "http://b:1"}, second).value());
  EXPECT_THAT(added.peerurls(), ElementsAre("http://a:1", "http://b:1"));
  EXPECT_TRUE(added.islearner());
  EXPECT_EQ(added.name(), "");
  ASSERT_EQ(answer.response().members_size(), 2);
  EXPECT_EQ(answer.response().header().revision(), 0);
  EXPECT_EQ(answer.response().header().member_id(), self());
  EXPECT_EQ(member_.Call(testing::kMemberList, {}).response().members_size(), 2);
}

TEST_F(GrowingTest, UrlsThatAreNoneAreRefused) {
  for (const std::vector<std::string>& urls :
       {std::vector<std::string>{}, {"foo"}, {"http://x:1/p"}, {"http://a:1", "http://b"}}) {
    EXPECT_EQ(Add(urls).status, base::errors::kMemberBadUrls);
    EXPECT_EQ(Update(self(), urls).status, base::errors::kMemberBadUrls);
  }
  EXPECT_EQ(Add({"http://localhost:2380"}).status, base::errors::kPeerUrlExists);
}

TEST_F(GrowingTest, LearnersAreBounded) {
  EXPECT_TRUE(Add({"http://a:1"}).ok());
  EXPECT_TRUE(Add({"http://b:1"}).ok());
  EXPECT_EQ(Add({"http://c:1"}).status, base::errors::kTooManyLearners);
}

TEST_F(GrowingTest, AMemberIsUpdatedPromotedAndRemoved) {
  const uint64_t id = Add({"http://a:1"}).response().member().id();
  const auto updated = Update(id, {"http://b:1"});
  ASSERT_TRUE(updated.ok());
  EXPECT_EQ(updated.response().members_size(), 2);
  EXPECT_EQ(updated.response().header().revision(), 0);
  EXPECT_EQ(Change(testing::kMemberPromote, id).status, base::errors::kLearnerNotReady);
  EXPECT_EQ(Change(testing::kMemberPromote, self()).status, base::errors::kMemberNotLearner);
  EXPECT_EQ(Change(testing::kMemberPromote, 77).status, base::errors::kMemberNotFound);
  const auto removed = Change(testing::kMemberRemove, id);
  ASSERT_TRUE(removed.ok());
  EXPECT_EQ(removed.response().members_size(), 1);
  EXPECT_EQ(Change(testing::kMemberRemove, id).status, base::errors::kMemberNotFound);
  EXPECT_EQ(Change(testing::kMemberRemove, self()).status, base::errors::kNotEnoughStartedMembers);
}

TEST_F(GrowingTest, TheGatewayChangesMembers) {
  EXPECT_THAT(
      member_.PostJson("/v3/cluster/member/add", R"({"peerURLs":["http://a:1"],"isLearner":true})"),
      HasSubstr(R"("peerURLs":["http://a:1"],"isLearner":true})"));
}

TEST(ClusterServiceTest, WithoutAWayToOthersNobodyIsAdded) {
  ServedMember member;
  member.StartAndWait();
  etcdserverpb::MemberAddRequest request;
  request.add_peerurls("http://a:1");
  EXPECT_EQ(member.Call(testing::kMemberAdd, request).status, base::errors::kUnhealthy);
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
