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

// What a member keeps is compared with what was acknowledged: there must be something to compare.
TEST(RunTest, ARunAcknowledgesWritesAndAnswersReads) {
  uint64_t writes = 0;
  uint64_t reads = 0;
  uint64_t crashes = 0;
  for (uint64_t seed = 1; seed <= 5; ++seed) {
    const Report report = RunSeed(seed);
    writes += report.writes;
    reads += report.reads;
    crashes += report.crashes;
  }
  EXPECT_GT(writes, 500u);
  EXPECT_GT(reads, 100u);
  EXPECT_GT(crashes, 50u);
}

}  // namespace
}  // namespace sim
