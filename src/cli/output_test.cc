#include "cli/output.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>
#include <string>

namespace cli {
namespace {

TEST(OutputTest, WhatWasWrittenIsNoFailure) {
  std::FILE* const file = std::tmpfile();
  Write(file, "text");
  const Outcome outcome = OutcomeOfOutput(file);
  EXPECT_TRUE(outcome.ok());
  EXPECT_EQ(outcome.error, "");
  std::fclose(file);
}

TEST(OutputTest, AFullDiskIsToldHoweverMuchIsWritten) {
  for (const size_t size : {1, 100'000}) {
    std::FILE* const file = std::fopen("/dev/full", "w");
    ASSERT_NE(file, nullptr);
    Write(file, std::string(size, 'x'));
    for (int i = 0; i < 2; ++i) {
      const Outcome outcome = OutcomeOfOutput(file);
      EXPECT_EQ(outcome.exit_code, kExitError);
      EXPECT_EQ(outcome.error, "write /dev/stdout: no space left on device");
    }
    std::fclose(file);
  }
}

TEST(OutputTest, APipeThatNobodyReadsAnyMoreIsNoFailure) {
  const auto before = std::signal(SIGPIPE, SIG_IGN);
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  ::close(ends[0]);
  std::FILE* const file = ::fdopen(ends[1], "w");
  Write(file, "text");
  EXPECT_TRUE(OutcomeOfOutput(file).ok());
  std::fclose(file);
  std::signal(SIGPIPE, before);
}

}  // namespace
}  // namespace cli
