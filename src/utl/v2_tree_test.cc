#include "utl/v2_tree.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ctl/v2_keys.h"
#include "runtime/simulated/disk.h"
#include "storage/snap/snapshot_file.h"
#include "utl/v2_snapshot.h"

namespace utl {
namespace {

using ::testing::ElementsAre;

constexpr int64_t kNow = 1'600'000'000'000'000'000;

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

TEST_F(V2TreeTest, AFileThatIsNoSnapshotIsRefusedByName) {
  Write("/a.snap", "no snapshot");
  EXPECT_EQ(V2Tree::OfSnapshot(disk_, "/a.snap").status().message(),
            "/a.snap: no snapshot of raft, or damaged");
  EXPECT_FALSE(V2Tree::OfSnapshot(disk_, "/none.snap").ok());
}

}  // namespace
}  // namespace utl
