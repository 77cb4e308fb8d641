#include "discovery/status_page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace discovery {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kSize = R"({"node":{"key":"/_etcd/registry/t/_config/size","value":"3"}})";

TEST(StatusPageTest, TellsWhoHasComeInWhichOrder) {
  const auto status = ParseTokenStatus(
      "t", kSize,
      R"({"node":{"key":"/_etcd/registry/t","dir":true,"ttl":7200,"nodes":[)"
      R"({"key":"/_etcd/registry/t/b","value":"m1=http://h:1","createdIndex":9},)"
      R"({"key":"/_etcd/registry/t/a","value":"m0=http://h:2","createdIndex":8}]}})");
  ASSERT_TRUE(status.has_value());
  EXPECT_EQ(status->size, "3");
  ASSERT_EQ(status->members.size(), 2u);
  EXPECT_EQ(status->members[0].id, "a");
  EXPECT_EQ(status->seconds_left, 7200);
  const std::string page = StatusPage(*status);
  EXPECT_THAT(page, HasSubstr("2 of 3 members have registered"));
  EXPECT_THAT(page, HasSubstr("forgotten in 2 hours"));
  EXPECT_LT(page.find("m0=http://h:2"), page.find("m1=http://h:1"));
}

TEST(StatusPageTest, WhatMembersSayIsNoPartOfThePage) {
  const auto status = ParseTokenStatus(
      "t", kSize,
      R"({"node":{"nodes":[{"key":"/t/<b>","value":"<script>alert(\"1\")&'</script>"}]}})");
  ASSERT_TRUE(status.has_value());
  const std::string page = StatusPage(*status);
  EXPECT_THAT(page, Not(HasSubstr("<script>")));
  EXPECT_THAT(page, HasSubstr("&lt;script&gt;alert(&quot;1&quot;)&amp;&#39;&lt;/script&gt;"));
  EXPECT_THAT(page, Not(HasSubstr("forgotten")));
}

TEST(StatusPageTest, WhatIsNoAnswerOfEtcdIsNone) {
  for (const char* const body : {"", "[]", "{}", R"({"node":7})", R"({"node":{"nodes":[1]}})"}) {
    EXPECT_FALSE(ParseTokenStatus("t", kSize, body).has_value()) << body;
  }
  EXPECT_FALSE(ParseTokenStatus("t", "", "{}").has_value());
}

}  // namespace
}  // namespace discovery
