#include "sim/run.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

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
TEST(RunTest, RunsHaveCallsThatEndInEveryWay) {
  uint64_t writes = 0;
  uint64_t reads = 0;
  uint64_t events = 0;
  uint64_t users_served = 0;
  uint64_t users_denied = 0;
  uint64_t tree_answers = 0;
  uint64_t crashes = 0;
  uint64_t damages = 0;
  uint64_t replacements = 0;
  uint64_t stops = 0;
  uint64_t unprocessed = 0;
  uint64_t given_up = 0;
  uint64_t lost = 0;
  for (uint64_t seed = 21; seed <= 32; ++seed) {
    const Report report = RunSeed(seed);
    writes += report.writes;
    reads += report.reads;
    events += report.events;
    users_served += report.users_served;
    users_denied += report.users_denied;
    tree_answers += report.tree_answers;
    crashes += report.crashes;
    damages += report.damages;
    replacements += report.replacements;
    stops += report.stops;
    unprocessed += report.calls_unprocessed;
    given_up += report.calls_given_up;
    lost += report.calls_lost;
  }
  EXPECT_GT(writes, 1000u);
  EXPECT_GT(reads, 200u);
  EXPECT_GT(events, 3000u);
  EXPECT_GT(users_served, 15u);
  EXPECT_GT(users_denied, 50u);
  EXPECT_GT(tree_answers, 1000u);
  EXPECT_GT(crashes, 100u);
  EXPECT_GT(damages, 5u);
  EXPECT_GT(replacements, 0u);
  EXPECT_GT(stops, 20u);
  EXPECT_GT(unprocessed, 0u);
  EXPECT_GT(given_up, 200u);
  EXPECT_GT(lost, 200u);
}

// What the judge of traces is to see.
TEST(RunTest, TracedRunsHaveCrashesAndSeveralLeaders) {
  uint64_t crashes = 0;
  uint64_t elections = 0;
  for (uint64_t seed = 1; seed <= 5; ++seed) {
    std::string trace;
    const Report report = RunTraced(seed, 1 << 20, [&](std::string_view line) { trace += line; });
    EXPECT_TRUE(report.violation.ok()) << "seed " << seed << ": " << report.violation.ToString();
    EXPECT_NE(trace.find("\"name\":\"Commit\""), std::string::npos) << "seed " << seed;
    crashes += report.crashes;
    elections += report.elections;
  }
  EXPECT_GT(crashes, 5u);
  EXPECT_GT(elections, 10u);
}

}  // namespace
}  // namespace sim
