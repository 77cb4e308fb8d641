#include "app/advertised_urls.h"

#include <gtest/gtest.h>

namespace app {
namespace {

std::optional<std::string> Known(const std::string& host) {
  if (host == "localhost" || host == "this" || host == "other") return "127.0.0.1";
  return std::nullopt;
}

std::string Check(const char* initial, const char* advertised) {
  return std::string(CheckAdvertisedUrls("m", config::ParseUrls(initial).value(),
                                         config::ParseUrls(advertised).value(), Known)
                         .message());
}

TEST(AdvertisedUrlsTest, TheSamePlacesGoTogether) {
  EXPECT_EQ(Check("http://1.2.3.4:1", "http://1.2.3.4:1"), "");
  EXPECT_EQ(Check("http://1.2.3.4:1,http://1.2.3.4:2", "http://1.2.3.4:2,http://1.2.3.4:1"), "");
  EXPECT_EQ(Check("http://this:1", "http://127.0.0.1:1"), "");
  EXPECT_EQ(Check("http://127.0.0.1:1", "http://this:1"), "");
  EXPECT_EQ(Check("http://this:1", "http://other:1"), "");
  // In whatever order their names stand.
  EXPECT_EQ(Check("http://127.0.0.1:2,http://this:1", "http://127.0.0.1:1,http://127.0.0.1:2"), "");
  // Equal texts need no address.
  EXPECT_EQ(Check("http://nowhere:1", "http://nowhere:1"), "");
}

TEST(AdvertisedUrlsTest, AnAddressIsTheSameHoweverItIsWritten) {
  EXPECT_EQ(Check("http://[::1]:1", "http://[0:0:0:0:0:0:0:1]:1"), "");
  EXPECT_EQ(Check("http://[fe80::AB]:1", "http://[fe80:0::ab]:1"), "");
  EXPECT_EQ(Check("http://[::ffff:1.2.3.4]:1", "http://1.2.3.4:1"), "");
  EXPECT_NE(Check("http://[::1]:1", "https://[::1]:1"), "");
  EXPECT_NE(Check("http://[::1]:1", "http://[::1]:2"), "");
}

// etcd does not ask what the name stands for, as it may be another address elsewhere.
TEST(AdvertisedUrlsTest, LocalhostIsNotItsAddress) {
  EXPECT_EQ(Check("http://localhost:2380", "http://127.0.0.1:2380"),
            "--initial-cluster has m=http://localhost:2380 but missing from "
            "--initial-advertise-peer-urls=http://127.0.0.1:2380 (resolved urls: "
            "\"http://127.0.0.1:2380\" != \"http://localhost:2380\")");
  EXPECT_EQ(Check("http://127.0.0.1:2380", "http://localhost:2380"),
            "--initial-cluster has m=http://127.0.0.1:2380 but missing from "
            "--initial-advertise-peer-urls=http://localhost:2380 (resolved urls: "
            "\"http://localhost:2380\" != \"http://127.0.0.1:2380\")");
  EXPECT_EQ(Check("http://localhost:1", "http://localhost:1"), "");
}

TEST(AdvertisedUrlsTest, OthersAreRefusedInTheWordsOfEtcd) {
  EXPECT_EQ(Check("http://10.1.1.1:2380", "http://127.0.0.1:2380"),
            "--initial-cluster has m=http://10.1.1.1:2380 but missing from "
            "--initial-advertise-peer-urls=http://127.0.0.1:2380 (resolved urls: "
            "\"http://127.0.0.1:2380\" != \"http://10.1.1.1:2380\")");
  EXPECT_EQ(Check("http://localhost:1", "http://localhost:1,http://localhost:2"),
            "--initial-advertise-peer-urls has http://localhost:2 but missing from "
            "--initial-cluster=m=http://localhost:1,m=http://localhost:2");
  EXPECT_EQ(Check("http://nowhere:1", "http://localhost:1"),
            "--initial-cluster has m=http://nowhere:1 but missing from "
            "--initial-advertise-peer-urls=http://localhost:1 (failed to resolve "
            "\"http://nowhere:1\" (lookup nowhere: no such host))");
  EXPECT_EQ(
      std::string(
          CheckAdvertisedUrls(
              "m",
              config::ParseInitialCluster("m=http://localhost:1,m=http://localhost:1")->at("m"),
              config::ParseUrls("http://localhost:1").value(), Known)
              .message()),
      "failed to resolve http://localhost:1 to match --initial-cluster=m=http://localhost:1 "
      "(len([\"http://localhost:1\"]) != len([\"http://localhost:1\" "
      "\"http://localhost:1\"]))");
}

TEST(AdvertisedUrlsTest, LocalhostHasAnAddress) {
  EXPECT_EQ(ResolveHost("localhost"), "127.0.0.1");
  EXPECT_EQ(ResolveHost("does-not-exist.invalid"), std::nullopt);
}

}  // namespace
}  // namespace app
