#include "sim/run.h"

#include <gtest/gtest.h>

namespace sim {
namespace {

TEST(RunTest, TheSameSeedGivesTheSameRun) {
  for (uint64_t seed = 1; seed <= 3; ++seed) {
    const Report first = RunSeed(seed);
    const Report second = RunSeed(seed);
    EXPECT_TRUE(first.violation.ok()) << "seed " << seed << ": " << first.violation.ToString();
    EXPECT_EQ(first.fingerprint, second.fingerprint) << "seed " << seed;
    EXPECT_EQ(first.steps, second.steps) << "seed " << seed;
    EXPECT_GT(first.elections, 0u) << "seed " << seed;
    EXPECT_GT(first.committed_entries, 0u) << "seed " << seed;
  }
}

TEST(RunTest, AnotherSeedGivesAnotherRun) {
  EXPECT_NE(RunSeed(1).fingerprint, RunSeed(2).fingerprint);
}

// Seed 740 proposes thousands of entries a second where messages carry one and disks take 50 ms.
TEST(RunTest, AnOverloadedClusterIsGivenTheTimeToCommit) {
  const Report report = RunSeed(740);
  EXPECT_TRUE(report.violation.ok()) << report.violation.ToString();
  EXPECT_GT(report.committed_entries, 1000u);
}

}  // namespace
}  // namespace sim
