#include "client/endpoint.h"

#include <gtest/gtest.h>

#include <string>

namespace client {
namespace {

using Security = Endpoint::Security;

Endpoint Parsed(const std::string& text) {
  const base::Result<Endpoint> endpoint = ParseEndpoint(text);
  EXPECT_TRUE(endpoint.ok()) << text << ": " << endpoint.status().ToString();
  return endpoint.ok() ? *endpoint : Endpoint{};
}

TEST(EndpointTest, AHostAndPortLeaveTheSecurityToTheOptions) {
  const Endpoint endpoint = Parsed("localhost:2379");
  EXPECT_EQ(endpoint.address, (runtime::Address{"localhost", 2379, ""}));
  EXPECT_EQ(endpoint.security, Security::kAsConfigured);
}

TEST(EndpointTest, TheSchemeDecidesAboutTls) {
  EXPECT_EQ(Parsed("http://a:1").security, Security::kPlain);
  EXPECT_EQ(Parsed("https://a:1").security, Security::kTls);
  EXPECT_EQ(Parsed("unix:a").security, Security::kAsConfigured);
  EXPECT_EQ(Parsed("unixs:a").security, Security::kTls);
  EXPECT_EQ(Parsed("HTTPS://a:1").security, Security::kTls);
}

TEST(EndpointTest, APathAfterThePortIsIgnored) {
  EXPECT_EQ(Parsed("http://a:1/v3/kv").address, (runtime::Address{"a", 1, ""}));
  EXPECT_EQ(Parsed("http://user:pass@a:1/v3").address, (runtime::Address{"a", 1, ""}));
}

TEST(EndpointTest, AnIpv6AddressStandsInBrackets) {
  EXPECT_EQ(Parsed("https://[::1]:2379").address, (runtime::Address{"::1", 2379, ""}));
  EXPECT_FALSE(ParseEndpoint("::1:2379").ok());
}

TEST(EndpointTest, AListIsToldFromAnAddress) {
  EXPECT_EQ(ParseEndpoint("a:1,b:1").status().message(),
            "endpoint \"a:1,b:1\": one endpoint is expected, and no list");
  EXPECT_EQ(ParseEndpoint("::1:2379").status().message(),
            "endpoint \"::1:2379\": an IPv6 address needs brackets");
}

TEST(EndpointTest, ASocketIsNamedByItsPathInThreeForms) {
  EXPECT_EQ(Parsed("unix:rel/sock").address.unix_path, "rel/sock");
  EXPECT_EQ(Parsed("unix://rel/sock").address.unix_path, "rel/sock");
  EXPECT_EQ(Parsed("unix:///tmp/sock").address.unix_path, "/tmp/sock");
  EXPECT_EQ(Parsed("unixs:///tmp/localhost:2379").address.unix_path, "/tmp/localhost:2379");
}

TEST(EndpointTest, WhatIsNoEndpointIsRefusedByName) {
  for (const char* text : {"", "localhost", "localhost:", ":2379", "a:0", "a:65536", "a:x", "a:1x",
                           "ftp://a:1", "unix:", "http://", "[::1]", "[::1]2379", "a b:1",
                           "host:1/path", "a@b:1", "[a b]:1", "a?:1"}) {
    const base::Result<Endpoint> endpoint = ParseEndpoint(text);
    ASSERT_FALSE(endpoint.ok()) << text;
    EXPECT_EQ(endpoint.status().code(), base::Code::kInvalidArgument);
    EXPECT_NE(endpoint.status().message().find('"' + std::string(text) + '"'),
              std::string_view::npos);
  }
}

}  // namespace
}  // namespace client
