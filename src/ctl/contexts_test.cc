#include "ctl/contexts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ctl {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::UnorderedElementsAre;

std::string Refusal(const std::string& text) {
  return std::string(ParseContexts(text).status().message());
}

TEST(ContextsTest, WhatIsWrittenReadsBackTheSame) {
  Contexts contexts;
  contexts.current = "prod";
  contexts.all["prod"] = {{"endpoints", "https://a:1,https://b:2"},
                          {"user", "root"},
                          {"password", "a \"quoted\": # 'word'\n\t\\ \xc3\xa4"}};
  contexts.all["1.2"] = {{"insecure-transport", "false"}, {"dial-timeout", "5s"}};
  contexts.all["true"] = {};
  const auto read = ParseContexts(FormatContexts(contexts));
  ASSERT_TRUE(read.ok()) << read.status().ToString();
  EXPECT_EQ(read->current, "prod");
  EXPECT_EQ(read->all, contexts.all);
  EXPECT_THAT(ParseContexts(FormatContexts({}))->all, IsEmpty());
}

TEST(ContextsTest, PeopleMayWriteThemAsTheyLike) {
  const auto read = ParseContexts(
      "# mine\ncurrent: a\ncontexts:\n  a: {endpoints: 'x:1', insecure-transport: false}\n  b: "
      "{}\n");
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(read->current, "a");
  EXPECT_THAT(read->all.at("a"),
              UnorderedElementsAre(Pair("endpoints", "x:1"), Pair("insecure-transport", "false")));
  EXPECT_THAT(ParseContexts("")->all, IsEmpty());
  EXPECT_THAT(ParseContexts("contexts:\n")->all, IsEmpty());
}

TEST(ContextsTest, WhatIsWrongIsToldWithItsLine) {
  EXPECT_EQ(Refusal("contexts:\n  a:\n    endpoint: x\n"), "line 3: a context cannot have that");
  EXPECT_EQ(Refusal("contexts:\n  a:\n    user: [x]\n"), "line 3: \"user\" is not a text");
  EXPECT_EQ(Refusal("contexts:\n  a/b: {}\n"), "line 2: that cannot be the name of a context");
  EXPECT_EQ(Refusal("contexts:\n  a: x\n"),
            "line 2: a context is not a list of flags with their values");
  EXPECT_THAT(Refusal("other: x\n"), HasSubstr("line 1: only \"current\""));
  EXPECT_THAT(Refusal("contexts: x\n"), HasSubstr("line 1: only \"current\""));
  EXPECT_EQ(Refusal("x"), "line 1: these are not contexts");
  EXPECT_THAT(Refusal("contexts: [\n"), HasSubstr(": this is no YAML"));
}

TEST(ContextsTest, PasswordsAndTokensAreSecrets) {
  EXPECT_FALSE(HasSecrets({.all = {{"a", {{"user", "root"}, {"key", "/k"}}}}}));
  EXPECT_TRUE(HasSecrets({.all = {{"a", {{"password", "x"}}}}}));
  EXPECT_TRUE(HasSecrets({.all = {{"a", {{"auth-jwt-token", "x"}}}}}));
  EXPECT_TRUE(HasSecrets({.all = {{"a", {{"user", "root:x"}}}}}));
}

TEST(ContextsTest, NamesArePlain) {
  EXPECT_TRUE(IsContextName("prod-1.eu_West"));
  for (const char* name : {"", "a b", "a/b", "\xc3\xa4"}) EXPECT_FALSE(IsContextName(name));
  EXPECT_FALSE(IsContextName(std::string(65, 'a')));
}

}  // namespace
}  // namespace ctl
