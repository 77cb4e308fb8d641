#include "api/v2/accounts.h"

#include <gtest/gtest.h>

#include <string>

namespace v2 {
namespace {

TEST(V2AccountsTest, PatternsAreKeysOrTheirBeginnings) {
  const std::optional<Role> role =
      ParseRole(R"({"role":"r","permissions":{"kv":{"read":["/a/*","/b"],"write":null}}})");
  ASSERT_TRUE(role.has_value());
  EXPECT_TRUE(role->MayUse("/a/x", false, false));
  EXPECT_TRUE(role->MayUse("/a/x", false, true));
  EXPECT_TRUE(role->MayUse("/b", false, false));
  EXPECT_FALSE(role->MayUse("/b", false, true));
  EXPECT_FALSE(role->MayUse("/a", false, false));
  EXPECT_FALSE(role->MayUse("", false, false));
  EXPECT_FALSE(role->MayUse("/b", true, false));
}

TEST(V2AccountsTest, WhatIsNotThereIsNull) {
  const std::string json = R"({"role":"r","permissions":{"kv":{"read":null,"write":["/*"]}}})";
  EXPECT_EQ(ToJson(*ParseRole(json)), json);
  const std::string user = R"({"user":"u","password":"p","roles":null})";
  EXPECT_EQ(ToJson(*ParseUser(user)), user);
  const std::string granted =
      R"({"role":"r","permissions":{"kv":{"read":null,"write":null}},)"
      R"("grant":{"kv":{"read":[],"write":null}},"revoke":{"kv":{"read":null,"write":null}}})";
  EXPECT_EQ(ToJson(*ParseRole(granted)), granted);
  EXPECT_EQ(ToJson(*ParseUser("null")), R"({"user":"","roles":null})");
  EXPECT_FALSE(ParseUser(R"({"user":1})").has_value());
  EXPECT_FALSE(ParseUser("[]").has_value());
  EXPECT_FALSE(ParseUser("{").has_value());
}

TEST(V2AccountsTest, AnUpdateThatChangesNothingTakesAwayWhatARoleWasMadeWith) {
  const Role old{.name = "r", .patterns = {{{"/a"}}, {{"/a"}}}, .revoke = Patterns()};
  const Role request{.name = "r", .revoke = Patterns{.read = {{"/none"}}}};
  const auto merged = Merge(old, request);
  ASSERT_TRUE(merged.ok());
  EXPECT_EQ(ToJson(*merged), R"({"role":"r","permissions":{"kv":{"read":["/a"],"write":["/a"]}}})");
  EXPECT_FALSE(Merge(*merged, request).ok());
}

TEST(V2AccountsTest, RootHasItsRoleWhateverIsKeptOfIt) {
  EXPECT_EQ(ToJson(WithRootRole({.name = "root"})), R"({"user":"root","roles":["root"]})");
  EXPECT_EQ(ToJson(WithRootRole({.name = "root", .roles = {{"a"}}})),
            R"({"user":"root","roles":["a","root"]})");
  EXPECT_EQ(ToJson(WithRootRole({.name = "root", .roles = {{"root", "a"}}})),
            R"({"user":"root","roles":["root","a"]})");
  EXPECT_EQ(ToJson(WithRootRole({.name = "u"})), R"({"user":"u","roles":null})");
}

TEST(V2AccountsTest, GrantsAreRefusedTwiceAndRevokesOfRolesOnce) {
  const User old{.name = "u", .password = "h", .roles = {{"r"}}};
  EXPECT_EQ(Merge(old, {.name = "u", .grant = {{"r"}}}, "").status().message(),
            "Granting duplicate role r for user u");
  EXPECT_EQ(Merge(old, {.name = "u", .revoke = {{"x"}}}, "").status().message(),
            "Revoking ungranted role x for user u");
  EXPECT_FALSE(Merge(old, {.name = "u"}, "").ok());
  const auto merged = Merge(old, {.name = "u", .grant = {{"b", "a"}}, .revoke = {{"r"}}}, "");
  ASSERT_TRUE(merged.ok());
  EXPECT_EQ(ToJson(*merged), R"({"user":"u","password":"h","roles":["a","b"]})");
}

}  // namespace
}  // namespace v2
