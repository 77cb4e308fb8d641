#include "state/members/snapshot_json.h"

#include <gtest/gtest.h>

#include "base/testing/source_path.h"
#include "runtime/posix/disk.h"
#include "storage/snap/snapshot_file.h"

namespace members {
namespace {

// The directory of API v2 that has everything else.
std::string StoreWith(const std::string& children) {
  return R"({"Root":{"Path":"/","Value":"","Children":{)" + children + "}}}";
}

TEST(SnapshotJsonTest, WhatEtcd34WroteIsRead) {
  runtime::posix::Disk disk;
  const auto bytes = runtime::ReadFile(
      disk, base::testing::SourcePath(
                "test/fixtures/etcd-3.4.23/0000000000000002-000000000000012f.snap"));
  ASSERT_TRUE(bytes.ok());
  const auto file = snap::ParseSnapshotFile(*bytes);
  ASSERT_TRUE(file.has_value());
  const auto membership = SnapshotMembershipFromJson(file->data);
  ASSERT_TRUE(membership.ok()) << membership.status().ToString();
  ASSERT_EQ(membership->members.size(), 1u);
  EXPECT_FALSE(membership->members[0].name.empty());
  EXPECT_EQ(membership->members[0].peer_urls.size(), 1u);
  EXPECT_EQ(membership->members[0].client_urls.size(), 1u);
  EXPECT_EQ(membership->cluster_version, "3.4.0");
  EXPECT_FALSE(membership->has_other_content);
}

TEST(SnapshotJsonTest, MembersAndThoseRemovedAreRead) {
  const auto membership = SnapshotMembershipFromJson(StoreWith(
      R"("0":{"Children":{"members":{"Children":{"a1":{"Children":{"raftAttributes":)"
      R"({"Value":"{\"peerURLs\":[\"http://a:2380\"],\"isLearner\":true}","Children":null}}}}},)"
      R"("removed_members":{"Children":{"b2":{"Value":""}}}}},"1":{"Children":{}})"));
  ASSERT_TRUE(membership.ok()) << membership.status().ToString();
  ASSERT_EQ(membership->members.size(), 1u);
  EXPECT_EQ(membership->members[0].id, base::MemberId(0xa1));
  EXPECT_TRUE(membership->members[0].is_learner);
  EXPECT_EQ(membership->members[0].name, "");
  EXPECT_EQ(membership->removed, std::vector<base::MemberId>{base::MemberId(0xb2)});
  EXPECT_EQ(membership->cluster_version, "");
  EXPECT_FALSE(membership->has_other_content);
}

TEST(SnapshotJsonTest, KeysOfTheApiV2AreNoticed) {
  for (const char* const other :
       {R"("0":{},"1":{"Children":{"key":{"Value":"v"}}})", R"("0":{},"2":{"Children":{}})"}) {
    const auto membership = SnapshotMembershipFromJson(StoreWith(other));
    ASSERT_TRUE(membership.ok()) << membership.status().ToString();
    EXPECT_TRUE(membership->has_other_content) << other;
  }
}

TEST(SnapshotJsonTest, WhatIsNoSuchStoreIsRefused) {
  const std::string no_id =
      StoreWith(R"("0":{"Children":{"members":{"Children":{"xyz":{"Children":null}}}}})");
  for (const std::string& text :
       {std::string(), std::string("{}"), std::string("[1]"), StoreWith(""), no_id,
        StoreWith(R"("0":{"Children":{"version":{"Value":7}}})")}) {
    EXPECT_EQ(SnapshotMembershipFromJson(text).status().code(), base::Code::kDataLoss) << text;
  }
}

TEST(SnapshotJsonTest, AttributesAreReadOrLeftAlone) {
  Member member;
  ASSERT_TRUE(SetAttributesFromJson(R"({"name":"m","clientURLs":["http://a:1"]})", &member).ok());
  EXPECT_EQ(member.name, "m");
  EXPECT_EQ(member.client_urls, std::vector<std::string>{"http://a:1"});
  EXPECT_EQ(SetAttributesFromJson(R"({"name":7})", &member).code(), base::Code::kDataLoss);
  EXPECT_EQ(member.name, "m");
  ASSERT_TRUE(SetAttributesFromJson(R"({"clientURLs":null})", &member).ok());
  EXPECT_EQ(member.name, "");
}

}  // namespace
}  // namespace members
