#include "api/v3/usage_service.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "api/v3/testing/requests.h"
#include "api/v3/testing/secured_member.h"
#include "base/errors.h"

namespace v3 {
namespace {

using std::chrono::seconds;

usagepb::UsageRequest Below(const std::string& prefix) {
  usagepb::UsageRequest request;
  request.set_prefix(prefix);
  return request;
}

// "PREFIX:KEYS ..."
std::string Text(const usagepb::UsageResponse& response) {
  std::string text;
  for (const usagepb::Group& group : response.groups()) {
    text += (text.empty() ? "" : " ") + group.prefix() + ":" + std::to_string(group.keys());
  }
  return text;
}

class UsageServiceTest : public ::testing::Test {
 protected:
  void Put(const std::string& key, const std::string& value = "") {
    ASSERT_TRUE(member_.Call(testing::kPut, testing::Put(key, value)).ok());
  }

  testing::ServedMember member_;
};

TEST_F(UsageServiceTest, GroupsAreTheNextLevelTheLargestFirst) {
  member_.StartAndWait();
  Put("a/b/1", "1");
  Put("a/c", "12345");
  Put("b/1", "a longer value than those");
  Put("d");
  const auto all = member_.Call(testing::kUsage, {});
  ASSERT_TRUE(all.ok()) << all.status.ToString();
  EXPECT_EQ(Text(all.response()), "b/:1 a/:2 d:1");
  EXPECT_EQ(all.response().header().revision(), 5);
  EXPECT_EQ(all.response().groups(1).bytes(), 14);
  EXPECT_EQ(all.response().groups(1).revisions(), 2);
  EXPECT_EQ(Text(member_.Call(testing::kUsage, Below("a/")).response()), "a/c:1 a/b/:1");
  EXPECT_EQ(Text(member_.Call(testing::kUsage, Below("none")).response()), "");
  usagepb::UsageRequest two = Below("");
  two.set_limit(2);
  EXPECT_EQ(Text(member_.Call(testing::kUsage, two).response()), "b/:1 a/:2 :1");
  two.set_delimiter("1");
  EXPECT_EQ(Text(member_.Call(testing::kUsage, two).response()), "b/1:1 a/c:1 :2");
}

TEST_F(UsageServiceTest, WhatIsNoRequestIsRefused) {
  member_.StartAndWait();
  usagepb::UsageRequest request;
  request.set_limit(1001);
  EXPECT_EQ(
      member_.Call(testing::kUsage, request).status,
      base::Status(base::Code::kInvalidArgument, "etcdserver: usage limit is above 1000 groups"));
  EXPECT_EQ(member_.CallRaw(testing::kUsage, "\x08").status.code(), base::Code::kInternal);
}

TEST_F(UsageServiceTest, ItWaitsForWhatWasCommittedBefore) {
  member_.StartAlone();
  const auto answer = member_.Begin(testing::kUsage, {});
  member_.member().RunFor(seconds(1));
  EXPECT_FALSE(answer->finished) << "nobody leads";
}

TEST_F(UsageServiceTest, OverJson) {
  member_.StartAndWait();
  Put("a/b", "1");
  Put("c", "");
  const std::string answer = member_.PostJson("/v3/usage", R"({"limit":1})");
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 200 OK\r\n")) << answer;
  EXPECT_TRUE(
      answer.ends_with(R"("groups":[{"prefix":"YS8=","keys":"1","bytes":"4","revisions":"1"},)"
                       R"({"keys":"1","bytes":"1","revisions":"1"}]})"))
      << answer;
}

TEST_F(UsageServiceTest, AnswersThatAreLargeNeedRoom) {
  const auto memory = std::make_shared<http::SharedBudget>(size_t{16} << 20);
  member_.http_options().member_budget = memory;
  member_.StartAndWait();
  for (int i = 0; i < 10; ++i) Put(std::string(1'000'000, 'k') + std::to_string(i));
  EXPECT_EQ(member_.Call(testing::kUsage, {}).status, base::errors::kTooManyRequests);
  usagepb::UsageRequest few;
  few.set_limit(1);
  const auto answer = member_.Call(testing::kUsage, few);
  ASSERT_TRUE(answer.ok()) << answer.status.ToString();
  EXPECT_EQ(answer.response().groups(1).keys(), 9);
}

TEST(UsageRightsTest, ItNeedsTheRightToReadAllThatIsMeant) {
  testing::SecuredMember member;
  EXPECT_EQ(member.Call(testing::kUsage, {}).status, base::errors::kUserEmpty);
  member.LogIn("ann");
  EXPECT_TRUE(member.Call(testing::kUsage, Below("r/")).ok());
  EXPECT_TRUE(member.Call(testing::kUsage, Below("r/a")).ok());
  for (const char* const prefix : {"", "r", "w/"}) {
    EXPECT_EQ(member.Call(testing::kUsage, Below(prefix)).status, base::errors::kPermissionDenied);
  }
  member.LogIn("root");
  EXPECT_TRUE(member.Call(testing::kUsage, {}).ok());
}

}  // namespace
}  // namespace v3
