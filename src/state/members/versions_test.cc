#include "state/members/versions.h"

#include <gtest/gtest.h>

namespace members {
namespace {

TEST(VersionsTest, TextsBecomeVersionsAndBack) {
  EXPECT_EQ(ParseVersion("3.7.1"), (Version{3, 7, 1}));
  EXPECT_EQ(ParseVersion("3.8.0-alpha.0"), (Version{3, 8, 0}));
  EXPECT_EQ(ParseVersion("10.20.30")->ToString(), "10.20.30");
  for (const char* text : {"", "3", "3.7", "3.7.", "3.7.x", "v3.7.1", "3.7.1x", "3,7,1",
                           "not_decided", "3.7.99999999999", "-3.7.1"}) {
    EXPECT_EQ(ParseVersion(text), std::nullopt) << text;
  }
}

TEST(VersionsTest, TheyAreOrdered) {
  EXPECT_LT(*ParseVersion("3.6.14"), *ParseVersion("3.7.0"));
  EXPECT_LT(*ParseVersion("3.9.0"), *ParseVersion("3.10.0"));
  EXPECT_EQ(ParseVersion("3.7.14")->Cluster(), *ParseVersion("3.7.0"));
}

TEST(VersionsTest, AMemberTellsThemInJson) {
  const std::string json = ToJson({.server = "3.7.1", .cluster = "3.7.0", .storage = "3.7.0"});
  EXPECT_EQ(json, R"({"etcdserver":"3.7.1","etcdcluster":"3.7.0","storage":"3.7.0"})");
  EXPECT_EQ(VersionsFromJson(json)->cluster, "3.7.0");
  // Not to etcd's surprise: it passes over what it does not know.
  const MemberVersions extended{"3.7.1", "3.7.0", "3.7.0", {"a", "b"}};
  EXPECT_EQ(ToJson(extended), json.substr(0, json.size() - 1) + R"(,"extensions":"a,b"})");
  EXPECT_EQ(VersionsFromJson(ToJson(extended))->extensions, extended.extensions);
  EXPECT_TRUE(VersionsFromJson(json)->extensions.empty());
  EXPECT_FALSE(VersionsFromJson(R"({"extensions":["a"]})").ok());
  // As 3.4 has it, and what later versions may add.
  EXPECT_EQ(VersionsFromJson(R"({"etcdserver":"3.4.23","etcdcluster":"3.4.0"})")->storage, "");
  EXPECT_EQ(VersionsFromJson(R"({"etcdserver":"3.8.0","other":[1]})")->server, "3.8.0");
  for (const char* text : {"", "[]", "3.7.1", R"({"etcdserver":1})", "{"}) {
    EXPECT_FALSE(VersionsFromJson(text).ok()) << text;
  }
}

}  // namespace
}  // namespace members
