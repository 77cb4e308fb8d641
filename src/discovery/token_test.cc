#include "discovery/token.h"

#include <gtest/gtest.h>

namespace discovery {
namespace {

TEST(DiscoveryTokenTest, EachIsAnother) {
  const std::string token = NewToken();
  EXPECT_TRUE(IsToken(token)) << token;
  EXPECT_NE(NewToken(), token);
}

TEST(DiscoveryTokenTest, AnythingElseIsNone) {
  for (const char* const text :
       {"", "0123456789abcdef", "0123456789ABCDEF0123456789abcdef",
        "0123456789abcdef0123456789abcdeg", "0123456789abcdef0123456789abcdef0"}) {
    EXPECT_FALSE(IsToken(text)) << text;
  }
}

}  // namespace
}  // namespace discovery
