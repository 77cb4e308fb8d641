#include "ctl/program.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

namespace ctl {
namespace {

using ::testing::Contains;
using ::testing::Not;

TEST(ProgramTest, WhoseVariableIsTakenIsUpToTheCaller) {
  setenv("BOTH", "theirs", 1);
  const std::vector<std::string> ours = {"BOTH=ours", "BOTHER=ours"};
  const std::vector<std::string> replaced = EnvironmentWith(ours, true);
  EXPECT_THAT(replaced, Contains("BOTH=ours"));
  EXPECT_THAT(replaced, Not(Contains("BOTH=theirs")));
  const std::vector<std::string> kept = EnvironmentWith(ours, false);
  EXPECT_THAT(kept, Contains("BOTH=theirs"));
  EXPECT_THAT(kept, Not(Contains("BOTH=ours")));
  EXPECT_THAT(kept, Contains("BOTHER=ours"));
  EXPECT_EQ(kept.size(), replaced.size());
  unsetenv("BOTH");
}

TEST(ProgramTest, HowItEndsIsItsOwnStatusOrASignal) {
  const std::vector<std::string> environment = EnvironmentWith({}, true);
  EXPECT_EQ(RunProgram({"true"}, environment).exit_code, 0);
  EXPECT_EQ(RunProgram({"sh", "-c", "exit 42"}, environment).exit_code, 42);
  EXPECT_EQ(RunProgram({"sh", "-c", "kill -9 $$"}, environment).exit_code, -1);
  EXPECT_EQ(RunProgram({"no-such-program"}, environment).exit_code, 1);
}

TEST(ProgramTest, WhatIsOnlyStartedIsNotWaitedFor) {
  EXPECT_EQ(StartProgram({"sleep", "0"}, EnvironmentWith({}, true)), "");
  EXPECT_NE(StartProgram({"no-such-program"}, {}), "");
  ForgetEndedPrograms();
}

TEST(ProgramTest, AFilterReadsAndWrites) {
  std::string output;
  EXPECT_EQ(RunFilter({"tr", "a-z", "A-Z"}, std::string(200'000, 'x'), &output).exit_code, 0);
  EXPECT_EQ(output, std::string(200'000, 'X'));
  EXPECT_EQ(RunFilter({"false"}, "x", &output).exit_code, 1);
}

}  // namespace
}  // namespace ctl
