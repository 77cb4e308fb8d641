#include "net/peer/peer_headers.h"

#include <gtest/gtest.h>

namespace peer {
namespace {

Identity Self() {
  return {.id = base::MemberId(0x1a),
          .cluster = base::ClusterId(0xc0ffee),
          .peer_urls = {"http://a:2380", "http://b:2380"}};
}

http::Headers HeadOf(std::string_view version, std::string_view min_cluster_version,
                     std::string_view cluster) {
  http::Headers head;
  if (!version.empty()) head.Add(kVersionField, version);
  if (!min_cluster_version.empty()) head.Add(kMinClusterVersionField, min_cluster_version);
  head.Add(kClusterField, cluster);
  return head;
}

TEST(PeerHeadersTest, EveryRequestSaysWhoSendsIt) {
  const http::Headers head = RequestHead("GET", "/raft/probing", "c:2380", Self());
  EXPECT_EQ(http::Method(head), "GET");
  EXPECT_EQ(http::Path(head), "/raft/probing");
  EXPECT_EQ(head.Get(":authority"), "c:2380");
  EXPECT_EQ(head.Get(kFromField), "1a");
  EXPECT_EQ(head.Get(kVersionField), "3.7.1");
  EXPECT_EQ(head.Get(kMinClusterVersionField), "3.0.0");
  EXPECT_EQ(head.Get(kClusterField), "c0ffee");
  EXPECT_EQ(head.Get(kPeerUrlsField), "http://a:2380,http://b:2380");
}

TEST(PeerHeadersTest, AMemberOfTheSameClusterIsCompatible) {
  EXPECT_EQ(Incompatibility(Self(), RequestHead("GET", "/", "c", Self())), std::nullopt);
  for (const auto* version : {"3.0.0", "3.4.23", "3.7.99", "3.8.0-alpha.0", "3.8.0+git", "4.0.0"}) {
    EXPECT_EQ(Incompatibility(Self(), HeadOf(version, "3.7.5", "c0ffee")), std::nullopt) << version;
  }
}

TEST(PeerHeadersTest, VersionsThatDoNotFitAreRefusedBeforeTheClusterIsLookedAt) {
  for (const auto* version : {"", "2.3.8", "x", "3", "3.7", "3.7.", "3.7.1x", "-3.7.1"}) {
    EXPECT_EQ(Incompatibility(Self(), HeadOf(version, "3.0.0", "0")), kIncompatibleVersion)
        << version;
  }
  EXPECT_EQ(Incompatibility(Self(), HeadOf("3.8.0", "3.8.0", "c0ffee")), kIncompatibleVersion);
  EXPECT_EQ(Incompatibility(Self(), HeadOf("4.0.0", "4.0.0", "c0ffee")), kIncompatibleVersion);
}

TEST(PeerHeadersTest, AnotherClusterIsRefusedByItsText) {
  for (const auto* cluster : {"", "0", "C0FFEE", "0c0ffee", "c0ffee ", "dead"}) {
    EXPECT_EQ(Incompatibility(Self(), HeadOf("3.7.1", "3.0.0", cluster)), kClusterMismatch)
        << cluster;
  }
}

TEST(PeerHeadersTest, IdsAreHexadecimal) {
  EXPECT_EQ(ParseHexId("1a"), 0x1au);
  EXPECT_EQ(ParseHexId("00000000000000001A"), 0x1au);
  EXPECT_EQ(ParseHexId("ffffffffffffffff"), 0xffffffffffffffffu);
  for (const auto* text : {"", "-1", "+1", "0x1", "1 ", "g", "10000000000000000"}) {
    EXPECT_EQ(ParseHexId(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace peer
