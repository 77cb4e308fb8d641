#include "utl/v2_tree.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "base/testing/source_path.h"
#include "ctl/v2_keys.h"
#include "runtime/posix/disk.h"
#include "runtime/simulated/disk.h"
#include "storage/snap/snapshot_file.h"
#include "utl/v2_snapshot.h"

namespace utl {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr int64_t kSecond = 1'000'000'000;
constexpr int64_t kNow = 1'600'000'000 * kSecond;

class V2TreeTest : public ::testing::Test {
 protected:
  void Write(const std::string& path, const base::Bytes& bytes) {
    const auto file = disk_.Open(path, runtime::OpenMode::kCreate);
    ASSERT_TRUE(file.ok());
    ASSERT_TRUE((*file)->WriteAt(0, bytes).ok());
  }

  runtime::simulated::Disk disk_{1};
};

TEST_F(V2TreeTest, WhatHasRunOutIsGoneAndTheRestHasTimeLeft) {
  const base::Bytes json = R"({"Root":{"Children":{"1":{"Children":{
      "a":{"Value":"1","Children":null},
      "_h":{"Children":{"b":{"Value":"2","Children":null}}},
      "gone":{"ExpireTime":"2020-09-13T12:26:40Z","Children":{"x":{"Value":"3"}}},
      "soon":{"ExpireTime":"2020-09-13T12:26:41.5Z","Value":"4","Children":null}}}}},
      "CurrentIndex":9})";
  Write("/a.snap",
        snap::EncodeSnapshotFile(
            {.index = base::Index(7), .term = base::Term(1), .conf_state = {}, .data = json}));
  const auto tree = V2Tree::OfSnapshot(disk_, "/a.snap");
  ASSERT_TRUE(tree.ok()) << tree.status().ToString();
  const auto keys = ctl::KeysOf(ctl::Flatten((*tree)->Keys(kNow), false));
  EXPECT_THAT(keys, ElementsAre(ctl::V2Key{"/_h/b", "2", 0}, ctl::V2Key{"/a", "1", 0},
                                ctl::V2Key{"/soon", "4", 2}));
  const auto leases = WriteSnapshotOf(disk_, "/v3.db", keys);
  ASSERT_TRUE(leases.ok()) << leases.status().ToString();
  EXPECT_EQ(*leases, 1u);
  // What is there is not written over.
  EXPECT_FALSE(WriteSnapshotOf(disk_, "/v3.db", keys).ok());
}

// As test/fixtures/make_etcd_v2.py writes it.
std::string TextOf(const client_v2::Node& node) {
  std::string text;
  if (!node.key.empty()) {
    text = node.key + (node.is_directory ? "/" : "=" + node.value) + " " +
           std::to_string(node.created_index) + " " + std::to_string(node.modified_index);
    if (node.ttl != 0) text += " " + std::to_string(kNow / kSecond + node.ttl);
    text += "\n";
  }
  for (const client_v2::Node& child : node.nodes) text += TextOf(child);
  return text;
}

class EtcdsV2TreeTest : public ::testing::TestWithParam<const char*> {
 protected:
  const std::string directory_ =
      base::testing::SourcePath("test/fixtures/etcd-" + std::string(GetParam()) + "-v2");
  runtime::posix::Disk disk_;
};

TEST_P(EtcdsV2TreeTest, IsReadFromItsSnapshotAndItsLog) {
  server::Options options;
  options.data_dir = directory_;
  const auto tree = V2Tree::OfDirectory(disk_, options);
  ASSERT_TRUE(tree.ok()) << tree.status().ToString();
  const auto expected = runtime::ReadFile(disk_, directory_ + "/nodes.txt");
  ASSERT_TRUE(expected.ok());
  EXPECT_EQ(TextOf((*tree)->Keys(kNow)), *expected);
}

TEST_P(EtcdsV2TreeTest, IsReadAsOfASnapshot) {
  const std::string snaps = directory_ + "/member/snap";
  const auto names = disk_.List(snaps);
  ASSERT_TRUE(names.ok());
  ASSERT_FALSE(names->empty());
  const auto tree = V2Tree::OfSnapshot(disk_, snaps + "/" + names->back());
  ASSERT_TRUE(tree.ok()) << tree.status().ToString();
  const std::string text = TextOf((*tree)->Keys(kNow));
  EXPECT_THAT(text, HasSubstr("/snap/file=4 "));
  EXPECT_THAT(text, Not(HasSubstr("/log/many/6=34")));  // one of the last
}

INSTANTIATE_TEST_SUITE_P(Versions, EtcdsV2TreeTest,
                         ::testing::Values("2.3.8", "3.0.17", "3.1.20", "3.2.26", "3.3.27",
                                           "3.5.35"),
                         [](const auto& version) {
                           std::string name = version.param;
                           std::replace(name.begin(), name.end(), '.', '_');
                           return name;
                         });

TEST_F(V2TreeTest, AFileThatIsNoSnapshotIsRefusedByName) {
  Write("/a.snap", "no snapshot");
  EXPECT_EQ(V2Tree::OfSnapshot(disk_, "/a.snap").status().message(),
            "/a.snap: no snapshot of raft, or damaged");
  EXPECT_FALSE(V2Tree::OfSnapshot(disk_, "/none.snap").ok());
}

TEST_F(V2TreeTest, ASnapshotOfSomethingElseThanATreeIsRefused) {
  Write("/a.snap",
        snap::EncodeSnapshotFile(
            {.index = base::Index(7), .term = base::Term(1), .conf_state = {}, .data = "{}"}));
  EXPECT_FALSE(V2Tree::OfSnapshot(disk_, "/a.snap").ok());
}

}  // namespace
}  // namespace utl
