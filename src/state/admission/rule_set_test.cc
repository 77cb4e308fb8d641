#include "state/admission/rule_set.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

namespace admission {
namespace {

admissionpb::Rule Of(const std::string& name, const std::string& user, const std::string& prefix) {
  admissionpb::Rule rule;
  rule.set_name(name);
  rule.set_user(user);
  rule.set_prefix(prefix);
  rule.set_requests_per_second(1);
  return rule;
}

// The names of those that hold, one after the other.
std::string Found(const RuleSet& rules, std::string_view user, std::vector<auth::KeyRange> keys) {
  std::string names;
  for (const RuleSet::Place place : rules.Find(user, keys)) names += rules.rules()[place].name();
  return names;
}

TEST(RuleSetTest, ARuleHoldsForItsUserAndItsPrefix) {
  const RuleSet rules({Of("b", "ann", ""), Of("a", "", ""), Of("c", "", "p/"), Of("d", "ann", "p/"),
                       Of("e", "bob", "p/q")});
  EXPECT_TRUE(rules.AsksForUser());
  EXPECT_TRUE(rules.AsksForKeys());
  EXPECT_EQ(Found(rules, "", {}), "a");
  EXPECT_EQ(Found(rules, "ann", {}), "ab");
  EXPECT_EQ(Found(rules, "", {{"p/x"}}), "ac");
  EXPECT_EQ(Found(rules, "ann", {{"p/x"}}), "abcd");
  EXPECT_EQ(Found(rules, "bob", {{"p/q"}}), "ace");
  EXPECT_EQ(Found(rules, "bob", {{"p"}}), "a");
}

TEST(RuleSetTest, ARangeTouchesThePrefixesOfItsKeys) {
  const RuleSet rules({Of("a", "", "b"), Of("b", "", "b/"), Of("c", "", "c")});
  EXPECT_FALSE(rules.AsksForUser());
  EXPECT_EQ(Found(rules, "", {{"a", "b"}}), "");
  EXPECT_EQ(Found(rules, "", {{"a", "b!"}}), "a");
  EXPECT_EQ(Found(rules, "", {{"b/5", "b/6"}}), "ab");
  EXPECT_EQ(Found(rules, "", {{"b0", "c"}}), "a");
  EXPECT_EQ(Found(rules, "", {{"b", std::string_view("\0", 1)}}), "abc");
  EXPECT_EQ(Found(rules, "", {{"c"}, {"b"}, {"c1"}}), "ac") << "each once";
}

// By trying keys: those of a small alphabet say all that prefixes of it can distinguish.
TEST(RuleSetTest, RandomRangesFindWhatTryingKeysFinds) {
  std::mt19937 random(1);
  const auto text = [&](size_t least) {
    std::string made;
    for (size_t left = least + random() % 3; left > 0; --left) made += "abc"[random() % 3];
    return made;
  };
  std::vector<std::string> keys = {""};
  for (size_t i = 0; i < keys.size() && keys[i].size() < 5; ++i) {
    for (const char c : {'a', 'b', 'c'}) keys.push_back(keys[i] + c);
  }
  for (int round = 0; round < 500; ++round) {
    std::vector<admissionpb::Rule> made;
    for (char name = 'a'; name < 'f'; ++name) made.push_back(Of({name}, "", text(1)));
    const RuleSet rules(made);
    const std::string begin = text(1);
    const std::string end = text(1);
    std::string expected;
    for (const admissionpb::Rule& rule : made) {
      for (const std::string& key : keys) {
        if (key < begin || key >= end || !key.starts_with(rule.prefix())) continue;
        expected += rule.name();
        break;
      }
    }
    if (begin < end) {
      ASSERT_EQ(Found(rules, "", {{begin, end}}), expected) << begin << " " << end;
    }
  }
}

}  // namespace
}  // namespace admission
