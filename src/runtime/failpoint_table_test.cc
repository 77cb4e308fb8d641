#include "runtime/failpoint_table.h"

#include <gtest/gtest.h>

#include <array>

namespace runtime {
namespace {

constexpr std::array<std::string_view, 2> kNames = {"before", "after"};

class FailpointTableTest : public testing::Test {
 protected:
  std::vector<std::string> panics_;
  FailpointTable table_{kNames,
                        [this](std::string_view message) { panics_.emplace_back(message); }};
};

TEST_F(FailpointTableTest, DoesNothingUntilSet) {
  table_.Reach(0);
  EXPECT_TRUE(panics_.empty());
  EXPECT_EQ(table_.List(), "after=\nbefore=\n");
  EXPECT_EQ(table_.Get("before").status().message(), "failpoint: failpoint is disabled");
  EXPECT_EQ(table_.Get("none").status().message(), "failpoint: failpoint does not exist");
}

TEST_F(FailpointTableTest, EndsTheProcessWhereItIsSet) {
  ASSERT_TRUE(table_.Set("after", "panic").ok());
  table_.Reach(0);
  EXPECT_TRUE(panics_.empty());
  table_.Reach(1);
  EXPECT_EQ(panics_, std::vector<std::string>{"failpoint panic: after"});
  EXPECT_EQ(table_.List(), "after=panic\nbefore=\n");
  EXPECT_EQ(table_.Get("after")->count, 1u);
}

TEST_F(FailpointTableTest, EachTermHasItsTurn) {
  ASSERT_TRUE(table_.Set("before", R"(2*off->1*panic("enough")->print)").ok());
  for (int i = 0; i < 2; ++i) table_.Reach(0);
  EXPECT_TRUE(panics_.empty());
  for (int i = 0; i < 3; ++i) table_.Reach(0);
  EXPECT_EQ(panics_, std::vector<std::string>{"failpoint panic: enough"});
  EXPECT_EQ(table_.Get("before")->count, 5u);
}

TEST_F(FailpointTableTest, ChancesAreTaken) {
  ASSERT_TRUE(table_.SetAll("before=0.0%panic;after=50%panic").ok());
  for (int i = 0; i < 1000; ++i) {
    table_.Reach(0);
    table_.Reach(1);
  }
  EXPECT_GT(panics_.size(), 400u);
  EXPECT_LT(panics_.size(), 600u);
  EXPECT_EQ(table_.Get("before")->count, 0u);
}

TEST_F(FailpointTableTest, IsTakenBack) {
  ASSERT_TRUE(table_.Set("before", "panic").ok());
  ASSERT_TRUE(table_.Clear("before").ok());
  table_.Reach(0);
  EXPECT_TRUE(panics_.empty());
  EXPECT_FALSE(table_.Clear("before").ok());
  EXPECT_FALSE(table_.Clear("none").ok());
}

TEST_F(FailpointTableTest, OfSeveralAllAreSetOrNone) {
  EXPECT_FALSE(table_.SetAll("before=panic;none=panic").ok());
  EXPECT_FALSE(table_.SetAll("before=panic;after=dance").ok());
  EXPECT_EQ(table_.SetAll("before").message(), "bad failpoint \"before\"");
  EXPECT_EQ(table_.List(), "after=\nbefore=\n");
  EXPECT_TRUE(table_.SetAll("").ok());
}

TEST(FailpointTermsTest, AreThoseOfGofail) {
  const auto chain = ParseFailpointTerms(R"(3*25.5%sleep(1000)->sleep("2s")->return(true))");
  ASSERT_TRUE(chain.ok());
  ASSERT_EQ(chain->size(), 3u);
  EXPECT_EQ((*chain)[0].counts, std::vector<uint64_t>{3});
  EXPECT_EQ((*chain)[0].chances, std::vector<double>{0.255});
  EXPECT_EQ((*chain)[0].sleep, std::chrono::seconds(1));
  EXPECT_EQ((*chain)[1].sleep, std::chrono::seconds(2));
  EXPECT_EQ((*chain)[2].action, FailpointTerm::Action::kOff);
}

TEST(FailpointTermsTest, WhatIsNoneIsRefused) {
  for (const char* text : {"", "dance", "sleep", "sleep(x)", "sleep(1", "panic->", "->panic",
                           "3panic", "3*", "-1*panic", "panic off", "break",
                           "99999999999999999999*off", "nan%off", "sleep(18446744073709551615)"}) {
    const auto terms = ParseFailpointTerms(text);
    EXPECT_EQ(terms.status().message(), "failpoint: could not parse terms") << text;
  }
}

}  // namespace
}  // namespace runtime
