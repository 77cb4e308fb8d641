#include "state/members/member_list.h"

#include <gtest/gtest.h>

namespace members {
namespace {

TEST(MemberListTest, WhatIsWrittenIsRead) {
  const std::vector<Member> list = {{.id = base::MemberId(14720799474854129801u),
                                     .peer_urls = {"http://a:2380"},
                                     .is_learner = false,
                                     .name = "n1",
                                     .client_urls = {"http://a:2379"}},
                                    {.id = base::MemberId(2),
                                     .peer_urls = {"http://b:2380", "http://c:2380"},
                                     .is_learner = true,
                                     .name = {},
                                     .client_urls = {}}};
  const std::string text = ListToJson(list);
  EXPECT_EQ(text, R"([{"id":14720799474854129801,"peerURLs":["http://a:2380"],"name":"n1",)"
                  R"("clientURLs":["http://a:2379"]},)"
                  R"({"id":2,"peerURLs":["http://b:2380","http://c:2380"],"isLearner":true}])");
  EXPECT_EQ(ListFromJson(text).value(), list);
  EXPECT_EQ(ListToJson({}), "[]");
  EXPECT_TRUE(ListFromJson("[]\n").value().empty());
}

TEST(MemberListTest, AnythingElseIsRefused) {
  for (const auto* text : {"", "{}", "null", "[1]", "[{}]", "[{\"id\":-1}]", "[", "\xff"}) {
    EXPECT_EQ(ListFromJson(text).status().code(), base::Code::kDataLoss) << text;
  }
}

}  // namespace
}  // namespace members
