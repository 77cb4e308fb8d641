#include "config/collector_address.h"

#include <gtest/gtest.h>

namespace config {
namespace {

using Protocol = CollectorAddress::Protocol;

CollectorAddress Parsed(std::string_view text) {
  const auto address = ParseCollectorAddress(text);
  EXPECT_TRUE(address.ok()) << address.status().ToString();
  return address.ok() ? *address : CollectorAddress();
}

TEST(CollectorAddressTest, AHostAndAPortAreForGrpc) {
  for (const char* text : {"localhost:4317", "dns:localhost:4317", "dns:///localhost:4317"}) {
    const CollectorAddress address = Parsed(text);
    EXPECT_EQ(address.protocol, Protocol::kGrpc);
    EXPECT_EQ(address.host, "localhost");
    EXPECT_EQ(address.port, 4317);
  }
  EXPECT_EQ(Parsed("[::1]:4317").host, "::1");
  EXPECT_EQ(Parsed("collector").port, 443);
  EXPECT_EQ(Parsed("unix:///run/c").unix_path, "/run/c");
  EXPECT_EQ(Parsed("unix:c").unix_path, "c");
}

TEST(CollectorAddressTest, AUrlIsForHttp) {
  const CollectorAddress address = Parsed("http://localhost:4318");
  EXPECT_EQ(address.protocol, Protocol::kHttp);
  EXPECT_EQ(address.host, "localhost");
  EXPECT_EQ(address.port, 4318);
  EXPECT_EQ(address.path, "/v1/traces");
  EXPECT_EQ(Parsed("https://a.example").protocol, Protocol::kHttps);
  EXPECT_EQ(Parsed("https://a.example").port, 443);
  EXPECT_EQ(Parsed("http://a.example/").port, 80);
  EXPECT_EQ(Parsed("http://[::1]").host, "::1");
}

TEST(CollectorAddressTest, APathMayBeGiven) {
  EXPECT_EQ(Parsed("http://a:1/").path, "/v1/traces");
  EXPECT_EQ(Parsed("http://a:1/x/y").path, "/x/y");
  EXPECT_EQ(Parsed("http://a:1/x?key=y").path, "/x?key=y");
  EXPECT_EQ(Parsed("http://a:1?key=y").path, "/v1/traces?key=y");
}

TEST(CollectorAddressTest, WhatIsNoAddressIsRefused) {
  for (const char* text :
       {"", ":4317", "localhost:", "localhost:0", "localhost:65536", "a b:1", "localhost:4317/path",
        "http://", "http://:4318", "http://a:1/a b", "http://a:1/#b", "http://user@a:1",
        "ftp://a:1", "unix:", "[::1:4317", "a:b:1", "http://a:1/\n"}) {
    const auto address = ParseCollectorAddress(text);
    EXPECT_FALSE(address.ok()) << text;
    EXPECT_TRUE(address.status().message().starts_with("--distributed-tracing-address ")) << text;
  }
}

}  // namespace
}  // namespace config
