#include <gtest/gtest.h>

#include "raft/testing/random_cluster.h"

// Clusters under random faults, with each invariant checked after each step.

namespace raft {
namespace {

constexpr uint64_t kSeeds = 40;
constexpr int kSteps = 1500;

TEST(ClusterTest, KeepsItsPromisesUnderFaultsAndMakesProgressWithoutThem) {
  uint64_t committed = 0;
  uint64_t elections = 0;
  uint64_t reads = 0;
  uint64_t snapshots = 0;
  for (uint64_t seed = 1; seed <= kSeeds; ++seed) {
    testing::RandomCluster cluster(seed);
    const base::Status status = cluster.Run(kSteps);
    ASSERT_TRUE(status.ok()) << "seed " << seed << ": " << status.ToString();
    const base::Status healed = cluster.Heal();
    EXPECT_TRUE(healed.ok()) << "seed " << seed << ": " << healed.ToString();
    committed += cluster.committed_entries();
    elections += cluster.elections();
    reads += cluster.confirmed_reads();
    snapshots += cluster.snapshots();
  }
  // That the faults leave room for something to happen.
  EXPECT_GT(committed, kSeeds * 20);
  EXPECT_GT(elections, kSeeds * 5);
  EXPECT_GT(reads, kSeeds);
  EXPECT_GT(snapshots, kSeeds / 4);
  RecordProperty("committed", static_cast<int>(committed));
  RecordProperty("elections", static_cast<int>(elections));
  RecordProperty("reads", static_cast<int>(reads));
  RecordProperty("snapshots", static_cast<int>(snapshots));
}

}  // namespace
}  // namespace raft
