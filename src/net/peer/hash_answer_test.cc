#include "net/peer/hash_answer.h"

#include <gtest/gtest.h>

#include "base/errors.h"

namespace peer {
namespace {

TEST(HashAnswerTest, AQuestionIsReadAsEtcdReadsIt) {
  EXPECT_EQ(HashQuestion(base::Revision(7)), R"({"revision":7})");
  EXPECT_EQ(*ParseHashQuestion(R"({"revision":7})"), base::Revision(7));
  EXPECT_EQ(*ParseHashQuestion("{ \"revision\" : -1, \"x\": [1] }\n"), base::Revision(-1));
  EXPECT_EQ(*ParseHashQuestion("{}"), base::Revision(0));
  EXPECT_EQ(*ParseHashQuestion("null"), base::Revision(0));
  for (const auto* body : {"", "7", "[]", R"({"revision":"7"})", R"({"revision":7.5})",
                           R"({"revision":9223372036854775808})", R"({"revision":7)"}) {
    EXPECT_FALSE(ParseHashQuestion(body).ok()) << body;
  }
}

// As etcd 3.7.1 has sent it.
TEST(HashAnswerTest, AnAnswerOfEtcdIsRead) {
  const auto answer = ParseHashAnswer(
      R"({"header":{"revision":2},"hash":3628877040,"compact_revision":-1,"hash_revision":2})");
  ASSERT_TRUE(answer.ok());
  EXPECT_EQ(answer->hash, (mvcc::KeyValueHash{3628877040, -1, 2}));
  EXPECT_EQ(answer->current, base::Revision(2));
}

TEST(HashAnswerTest, ZerosAreLeftOut) {
  const server::MemberHash none{{0, 0, 0}, base::Revision(5)};
  EXPECT_EQ(HashAnswer(none), R"({"header":{"revision":5}})");
  EXPECT_EQ(ParseHashAnswer(HashAnswer(none))->hash, none.hash);
  const server::MemberHash some{{4294967295, 3, 7}, base::Revision(9)};
  EXPECT_EQ(ParseHashAnswer(HashAnswer(some))->hash, some.hash);
}

TEST(HashAnswerTest, WhatIsNoHashIsRefused) {
  for (const auto* body :
       {"", "null", "{}", R"({"header":7})", R"({"header":{"revision":"2"}})",
        R"({"header":{},"hash":4294967296})", R"({"header":{},"hash":-1})",
        R"({"header":{},"hash":1.5})", R"({"header":{},"hash_revision":18446744073709551615})"}) {
    EXPECT_FALSE(ParseHashAnswer(body).ok()) << body;
  }
}

TEST(HashAnswerTest, ARefusalIsKnownByItsText) {
  for (const base::Status& why :
       {base::Status(base::errors::kCompacted), base::Status(base::errors::kFutureRevision)}) {
    const http::PlainResponse refusal = HashRefusal(why);
    EXPECT_EQ(refusal.status, 400);
    EXPECT_EQ(HashOf(refusal.status, refusal.body).status(), why);
  }
  EXPECT_EQ(HashOf(412, "cluster ID mismatch\n").status().message(),
            "status 412: cluster ID mismatch");
  EXPECT_LT(HashOf(500, std::string(10'000, 'x')).status().message().size(), 300u);
}

}  // namespace
}  // namespace peer
