#include "state/admission/rules.h"

#include <gtest/gtest.h>

#include <functional>
#include <string>

#include "storage/mvcc/testing/store_harness.h"
#include "storage/schema/schema.h"

namespace admission {
namespace {

admissionpb::Rule Valid() {
  admissionpb::Rule rule;
  rule.set_name("a-Rule_1.x");
  rule.set_user("ann");
  rule.set_requests_per_second(100);
  return rule;
}

TEST(RuleCheckTest, WhatIsNoRuleIsRefusedAndSaysWhy) {
  ASSERT_TRUE(Check(Valid()).ok());
  struct Case {
    std::function<void(admissionpb::Rule*)> spoil;
    std::string why;
  };
  const Case cases[] = {
      {[](auto* rule) { rule->clear_name(); }, "has no name"},
      {[](auto* rule) { rule->set_name(std::string(65, 'a')); },
       "has a name of more than 64 bytes"},
      {[](auto* rule) { rule->set_name("a b"); },
       "has a name with other characters than letters, digits, '.', '_' and '-'"},
      {[](auto* rule) { rule->set_user(std::string(257, 'a')); },
       "names a user of more than 256 bytes"},
      {[](auto* rule) { rule->set_prefix(std::string(1025, 'a')); },
       "has a prefix of more than 1024 bytes"},
      {[](auto* rule) { rule->set_requests_per_second(kRateMax + 1); },
       "has a rate above 1000000000000"},
      {[](auto* rule) { rule->set_bytes_per_second(~uint64_t{0}); },
       "has a rate above 1000000000000"},
      {[](auto* rule) { rule->set_burst_milliseconds(60'001); },
       "has a burst of more than 60 seconds"},
      {[](auto* rule) { rule->set_memory_percent(101); },
       "has a share of memory above 100 percent"},
      {[](auto* rule) {
         rule->set_memory_percent(1);
         rule->set_prefix("p");
       },
       "has a share of memory, which only a user can have, without a prefix"},
      {[](auto* rule) {
         rule->set_memory_percent(1);
         rule->clear_user();
       },
       "has a share of memory, which only a user can have, without a prefix"},
      {[](auto* rule) { rule->clear_requests_per_second(); }, "limits nothing"},
  };
  for (const Case& each : cases) {
    admissionpb::Rule rule = Valid();
    each.spoil(&rule);
    EXPECT_EQ(Check(rule),
              base::Status(base::Code::kInvalidArgument, "etcdserver: admission rule " + each.why));
  }
}

class RulesTest : public ::testing::Test {
 protected:
  base::Result<std::unique_ptr<Rules>> Load() {
    return Rules::Load(*harness_.database().NewReader().value(), &harness_.buffer());
  }
  void Restart() {
    harness_.EndEntry();
    harness_.Commit();
    harness_.Reopen();
  }
  static std::string Names(const Rules& rules) {
    std::string names;
    for (const auto& rule : rules.published().Get()->rules()) names += rule.name() + " ";
    return names;
  }

  mvcc::StoreHarness harness_{mvcc::DatabaseKind::kLmdb};
};

TEST_F(RulesTest, TheySurviveARestartAndWhatIsDeletedStaysSo) {
  auto rules = Load().value();
  EXPECT_EQ(Names(*rules), "");
  admissionpb::Rule rule = Valid();
  for (const char* const name : {"c", "a", "b"}) {
    rule.set_name(name);
    EXPECT_TRUE(rules->Set(rule).ok());
  }
  EXPECT_TRUE(rules->Delete("b").ok());
  EXPECT_EQ(rules->Delete("b"), kRuleNotFound);
  rule.set_requests_per_second(7);
  rule.set_name("a");
  EXPECT_TRUE(rules->Set(rule).ok());
  Restart();
  rules = Load().value();
  EXPECT_EQ(Names(*rules), "a c ");
  EXPECT_EQ(rules->published().Get()->rules()[0].requests_per_second(), 7u);
}

TEST_F(RulesTest, ThereIsABoundAndReplacingIsNotAdding) {
  auto rules = Load().value();
  admissionpb::Rule rule = Valid();
  for (size_t i = 0; i < kRulesMax; ++i) {
    rule.set_name("r" + std::to_string(i));
    ASSERT_TRUE(rules->Set(rule).ok());
  }
  EXPECT_TRUE(rules->Set(rule).ok());
  rule.set_name("one-more");
  EXPECT_EQ(rules->Set(rule), kTooManyRules);
  rule.clear_name();
  EXPECT_EQ(rules->Set(rule).code(), base::Code::kInvalidArgument);
  EXPECT_TRUE(rules->Delete("r0").ok());
  rule.set_name("one-more");
  EXPECT_TRUE(rules->Set(rule).ok());
}

TEST_F(RulesTest, ADamagedRecordIsTold) {
  const auto load = [&](const std::string& name, const std::string& record) {
    harness_.buffer().Put(schema::Id(schema::Bucket::kCluster),
                          std::string(schema::kAdmissionRule) + name, record);
    Restart();
    const base::Status status = Load().status();
    harness_.buffer().Delete(schema::Id(schema::Bucket::kCluster),
                             std::string(schema::kAdmissionRule) + name);
    Restart();
    return status.code();
  };
  EXPECT_EQ(load(Valid().name(), Valid().SerializeAsString()), base::Code::kOk);
  EXPECT_EQ(load("other", Valid().SerializeAsString()), base::Code::kDataLoss);
  EXPECT_EQ(load("x", "\xff"), base::Code::kDataLoss);
  EXPECT_EQ(load("", ""), base::Code::kDataLoss);
}

}  // namespace
}  // namespace admission
