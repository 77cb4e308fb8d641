#include "sim/run.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "base/coverage_mark.h"
#include "sim/scenario.h"

namespace sim {
namespace {

TEST(RunTest, TheSameSeedGivesTheSameRun) {
  for (uint64_t seed = 1; seed <= 3; ++seed) {
    const Report first = RunSeed(seed);
    const Report second = RunSeed(seed);
    EXPECT_TRUE(first.violation.ok()) << "seed " << seed << ": " << first.violation.ToString();
    EXPECT_EQ(first.fingerprint, second.fingerprint) << "seed " << seed;
    EXPECT_EQ(first.tally.counts(), second.tally.counts()) << "seed " << seed;
    EXPECT_EQ(first.simulated, second.simulated) << "seed " << seed;
    EXPECT_GT(first.tally.Of("run: elections"), 0u) << "seed " << seed;
    EXPECT_GT(first.tally.Of("run: committed entries"), 0u) << "seed " << seed;
  }
}

TEST(RunTest, AnotherSeedGivesAnotherRun) {
  EXPECT_NE(RunSeed(1).fingerprint, RunSeed(2).fingerprint);
}

// A scenario has the faults that it names, and no others.
TEST(RunTest, AScenarioIsWhatItSays) {
  const Plan plan = ParseScenario("cluster turmoil=10s\nfaults kill=500ms").value();
  const Report report = sim::Run(plan, 1);
  EXPECT_TRUE(report.violation.ok()) << report.violation.ToString();
  for (const auto& [name, count] : report.tally.counts()) {
    if (!name.starts_with("faults: ")) continue;
    EXPECT_EQ(count > 0, name == "faults: kills") << name;
  }
  EXPECT_GT(report.tally.Of("work: writes acknowledged"), 50u);
}

// Those who use the client library hold what they wait for, and are simulated as all else.
TEST(RunTest, TheClientLibraryTakesPart) {
  const Plan plan =
      ParseScenario("work library=50ms\nwires break=500ms cut=1s\nclients dial=2s").value();
  const Report report = sim::Run(plan, 1);
  EXPECT_TRUE(report.violation.ok()) << report.violation.ToString();
  for (const char* name : {"locks taken", "campaigns won", "slots taken", "guarded writes"}) {
    EXPECT_GT(report.tally.Of("library: " + std::string(name)), 3u) << name;
  }
  EXPECT_EQ(sim::Run(plan, 1).fingerprint, report.fingerprint);
}

TEST(RunTest, TheRecipesOfTheClientLibraryTakePart) {
  const Plan plan = ParseScenario("work recipes=50ms\nwires break=1s").value();
  const Report report = sim::Run(plan, 1);
  EXPECT_TRUE(report.violation.ok()) << report.violation.ToString();
  for (const char* name : {"elements of queues taken", "counts by transactions",
                           "amounts moved by transactions", "sums seen by transactions",
                           "barriers passed", "double barriers entered", "double barriers left"}) {
    EXPECT_GT(report.tally.Of("library: " + std::string(name)), 3u) << name;
  }
  EXPECT_EQ(sim::Run(plan, 1).fingerprint, report.fingerprint);
}

// Watches that nobody reads come to the bound of their streams, and catch up.
TEST(RunTest, WatchesMayBeSlow) {
  const Plan plan = ParseScenario(
                        "clients watch_pause=300ms stream_buffer=512 stream_window=512\n"
                        "work write=15ms batch=4")
                        .value();
  const auto reached = [](std::string_view name) {
    uint64_t count = 0;
    for (const base::ReachedMark& mark : base::ReachedMarks()) {
      if (mark.name == name) count += mark.count;
    }
    return count;
  };
  const uint64_t slow = reached("watch: a client does not take what it is to be told");
  const uint64_t again = reached("watch: a client that was slow catches up");
  const Report report = sim::Run(plan, 1);
  EXPECT_TRUE(report.violation.ok()) << report.violation.ToString();
  EXPECT_GT(report.tally.Of("work: watches that nobody reads"), 10u);
  EXPECT_GT(reached("watch: a client does not take what it is to be told"), slow + 10);
  EXPECT_GT(reached("watch: a client that was slow catches up"), again + 10);
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
    crashes += report.tally.Of("members: crashes");
    elections += report.tally.Of("run: elections");
  }
  EXPECT_GT(crashes, 5u);
  EXPECT_GT(elections, 10u);
}

}  // namespace
}  // namespace sim
