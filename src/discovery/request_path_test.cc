#include "discovery/request_path.h"

#include <gtest/gtest.h>

namespace discovery {
namespace {

const std::string kToken = "0123456789abcdef0123456789abcdef";

TEST(DiscoveryPathTest, WhatIsAskedForIsWithinTheToken) {
  const auto directory = ParseRequestPath("/" + kToken + "/");
  ASSERT_TRUE(directory.has_value());
  EXPECT_EQ(directory->token, kToken);
  EXPECT_EQ(directory->below, "");
  EXPECT_TRUE(directory->Allows("GET"));
  EXPECT_FALSE(directory->Allows("PUT"));
  EXPECT_FALSE(directory->Allows("DELETE"));
  const auto size = ParseRequestPath("/" + kToken + "/_config/size");
  ASSERT_TRUE(size.has_value());
  EXPECT_TRUE(size->Allows("GET"));
  EXPECT_FALSE(size->Allows("PUT"));
  const auto member = ParseRequestPath("/" + kToken + "/cafe");
  ASSERT_TRUE(member.has_value());
  EXPECT_EQ(member->below, "/cafe");
  EXPECT_EQ(member->member, "cafe");
  EXPECT_TRUE(member->Allows("DELETE"));
  EXPECT_FALSE(member->Allows("GET,PUT"));
}

TEST(DiscoveryPathTest, NothingElseIsAsked) {
  for (const std::string below : {"/..", "/.", "/a/b", "/_config", "/_config/size/", "/_x",
                                  "/%2e%2e", "/a%2fb", "//", "x", "/a b", "/\xc3\xa9"}) {
    EXPECT_FALSE(ParseRequestPath("/" + kToken + below).has_value()) << below;
  }
  EXPECT_FALSE(ParseRequestPath("/" + kToken + "/" + std::string(129, 'a')).has_value());
  EXPECT_FALSE(ParseRequestPath(kToken).has_value());
  EXPECT_FALSE(ParseRequestPath("/v2/keys").has_value());
  EXPECT_FALSE(ParseRequestPath("").has_value());
}

}  // namespace
}  // namespace discovery
