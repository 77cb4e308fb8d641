#include "ctl/check_verdict.h"

#include <gtest/gtest.h>

namespace ctl {
namespace {

const LoadReport kGood{.done = 9000, .seconds = 60, .slowest = 0.5, .deviation = 0.1};

TEST(CheckVerdictTest, AllIsWell) {
  const Verdict verdict = JudgePerformance(kGood, 150);
  EXPECT_TRUE(verdict.passed);
  EXPECT_EQ(verdict.text,
            "PASS: Throughput is 151 writes/s\n"
            "PASS: Slowest request took 0.500000s\n"
            "PASS: Stddev is 0.100000s\n"
            "PASS\n");
}

TEST(CheckVerdictTest, TooFew) {
  LoadReport report = kGood;
  report.done = 8100;  // nine tenths, and not more
  const Verdict verdict = JudgePerformance(report, 150);
  EXPECT_FALSE(verdict.passed);
  EXPECT_EQ(verdict.text,
            "FAIL: Throughput too low: 136 writes/s\n"
            "PASS: Slowest request took 0.500000s\n"
            "PASS: Stddev is 0.100000s\n"
            "FAIL\n");
  report.done = 8101;
  EXPECT_TRUE(JudgePerformance(report, 150).passed);
}

TEST(CheckVerdictTest, TooSlow) {
  LoadReport report = kGood;
  report.slowest = 0.5000001;
  EXPECT_FALSE(JudgePerformance(report, 150).passed);
  report.deviation = 0.1000001;
  const Verdict verdict = JudgePerformance(report, 150);
  EXPECT_FALSE(verdict.passed);
  EXPECT_EQ(verdict.text,
            "PASS: Throughput is 151 writes/s\n"
            "Slowest request took too long: 0.500000s\n"
            "Stddev too high: 0.100000s\n"
            "FAIL\n");
  report.slowest = 0.5;
  EXPECT_FALSE(JudgePerformance(report, 150).passed);
}

TEST(CheckVerdictTest, OneErrorIsTooMany) {
  LoadReport report = kGood;
  report.errors = {{"context canceled", 2}, {"etcdserver: request timed out", 1}};
  const std::string errors =
      "FAIL: too many errors\n"
      "FAIL: ERROR(context canceled) -> 2\n"
      "FAIL: ERROR(etcdserver: request timed out) -> 1\n";
  Verdict verdict = JudgePerformance(report, 150);
  EXPECT_FALSE(verdict.passed);
  EXPECT_EQ(verdict.text, errors +
                              "PASS: Throughput is 151 writes/s\n"
                              "PASS: Slowest request took 0.500000s\n"
                              "PASS: Stddev is 0.100000s\n"
                              "FAIL\n");
  verdict = JudgeMemory(report, 0, 0);
  EXPECT_FALSE(verdict.passed);
  EXPECT_EQ(verdict.text, errors);
}

TEST(CheckVerdictTest, MemoryThatHasGrownOrShrunk) {
  Verdict verdict = JudgeMemory(kGood, 1 << 20, (1 << 20) * 33.5);
  EXPECT_TRUE(verdict.passed);
  EXPECT_EQ(verdict.text, "PASS: Approximate system memory used : 32.50 MB.\n");
  verdict = JudgeMemory(kGood, 1 << 20, 0);
  EXPECT_TRUE(verdict.passed);
  EXPECT_EQ(verdict.text, "PASS: Approximate system memory used : -1.00 MB.\n");
}

}  // namespace
}  // namespace ctl
