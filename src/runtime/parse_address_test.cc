#include "runtime/parse_address.h"

#include <gtest/gtest.h>

namespace runtime {
namespace {

TEST(ParseAddressTest, TakesHostsOfEachKind) {
  const auto named = ParseAddress("host:2379");
  ASSERT_TRUE(named.ok());
  EXPECT_EQ(named->host, "host");
  EXPECT_EQ(named->port, 2379);
  EXPECT_EQ(ParseAddress("[::1]:1")->host, "::1");
  EXPECT_EQ(ParseAddress(":8087")->host, "");
}

TEST(ParseAddressTest, RefusesWhatHasNoPort) {
  for (const char* text : {"", "host", "host:", "host:x", "host:65536", "host:1x"}) {
    EXPECT_EQ(ParseAddress(text).status().code(), base::Code::kInvalidArgument) << text;
  }
  EXPECT_EQ(ParseAddress("host").status().message(), "\"host\" is no host:port");
}

}  // namespace
}  // namespace runtime
