#include "ctl/txn_input.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ctl {
namespace {

using ::testing::ElementsAre;
using Target = etcd::Compare::Target;

std::string CompareError(const std::string& line) {
  etcd::Compare compare;
  const Outcome outcome = ParseCompare(line, &compare);
  EXPECT_EQ(outcome.exit_code, kExitInvalidInput) << line;
  return outcome.error;
}

class TxnRequestTest : public ::testing::Test {
 protected:
  Outcome Parse(const std::string& line) {
    const std::vector<std::string> none;
    return ParseRequest(line, {flags_, none, stdin, stdout, stderr}, &op_);
  }

  Flags flags_;
  etcd::Op op_;
};

TEST(TxnCompareTest, ReadsTargetKeyOperatorAndValue) {
  etcd::Compare compare;
  ASSERT_TRUE(ParseCompare(R"(value("a\tb") != "x y")", &compare).ok());
  EXPECT_EQ(compare.target, Target::kValue);
  EXPECT_EQ(compare.key, "a\tb");
  EXPECT_EQ(compare.result, etcd::Compare::Result::kNotEqual);
  EXPECT_EQ(compare.value, "x y");
}

TEST(TxnCompareTest, EveryTargetHasAShortAndALongName) {
  const std::vector<std::pair<std::string, Target>> names = {
      {"ver", Target::kVersion},   {"version", Target::kVersion}, {"c", Target::kCreate},
      {"create", Target::kCreate}, {"m", Target::kMod},           {"mod", Target::kMod},
      {"lease", Target::kLease}};
  for (const auto& [name, target] : names) {
    etcd::Compare compare;
    ASSERT_TRUE(ParseCompare(name + "(\"k\") > \"12\"", &compare).ok()) << name;
    EXPECT_EQ(compare.target, target);
    EXPECT_EQ(compare.number, 12);
  }
}

TEST(TxnCompareTest, WhatIsMalformedIsRefusedWithTheLine) {
  EXPECT_EQ(CompareError("foo"), "malformed comparison: foo");
  EXPECT_EQ(CompareError(R"(mod("a") > 0)"),
            R"(malformed comparison: mod("a") > 0; got mod("a") > "")");
  EXPECT_EQ(CompareError(R"(size("a") > "1")"),
            R"(malformed comparison: size("a") > "1" (unknown target size))");
  EXPECT_EQ(CompareError(R"(mod("a") ~ "1")"),
            R"(malformed comparison: mod("a") ~ "1" (unknown operator ~))");
  EXPECT_EQ(CompareError(R"(mod("a") > "x")"), R"(invalid txn compare request: mod("a") > "x")");
}

TEST(TxnWordsTest, QuotesKeepWordsTogether) {
  EXPECT_THAT(*SplitWords(R"(put 'a b' "c \"d\"" e"f)"),
              ElementsAre("put", "a b", "c \"d\"", "e\"f"));
}

TEST(TxnWordsTest, AQuoteThatIsNeverClosedIsSkipped) {
  EXPECT_EQ(SplitWords("put \"a b"), (std::vector<std::string>{"put", "a", "b"}));
  EXPECT_EQ(SplitWords("put 'a b"), (std::vector<std::string>{"put", "a", "b"}));
}

TEST(TxnWordsTest, GosEscapesAreRead) {
  EXPECT_THAT(*SplitWords(R"("\x61\142\u00e4\U0001f600\n")"), ElementsAre("abä😀\n"));
  for (const char* text : {R"("\q")", R"("\x6")", R"("\400")", R"("\ud800")"}) {
    EXPECT_FALSE(SplitWords(text).has_value()) << text;
  }
}

TEST_F(TxnRequestTest, ReadsPutGetAndDelWithTheirFlags) {
  ASSERT_TRUE(Parse("put k v --prev-kv").ok());
  EXPECT_TRUE(std::get<etcd::PutRequest>(op_.request).prev_kv);
  ASSERT_TRUE(Parse("get k --prefix --limit 2").ok());
  EXPECT_EQ(std::get<etcd::GetRequest>(op_.request).range_end, "l");
  EXPECT_EQ(std::get<etcd::GetRequest>(op_.request).limit, 2);
  ASSERT_TRUE(Parse("del --from-key k").ok());
  EXPECT_EQ(std::get<etcd::DeleteRequest>(op_.request).range_end, etcd::kFromKey);
}

TEST_F(TxnRequestTest, APutReadsNoValueFromTheTransactionsInput) {
  EXPECT_EQ(Parse("put a").exit_code, kExitBadArguments);
}

TEST(TxnCompareTest, TheOperatorStandsApart) {
  EXPECT_EQ(CompareError(R"(ver("a")="1")"),
            "malformed comparison: ver(\"a\")=\"1\"; got ver(\"a\")  \"\"");
}

TEST_F(TxnRequestTest, OtherCommandsAndFlagsAreRefused) {
  EXPECT_EQ(Parse("get").error, "invalid txn compare request: get");
  EXPECT_EQ(Parse("compaction 4").error, "invalid txn request: compaction 4");
  EXPECT_EQ(Parse("fly away").error, "invalid txn request: fly away");
  EXPECT_EQ(Parse("get k --nope").error, "invalid txn request: get k --nope");
}

}  // namespace
}  // namespace ctl
