#include "server/append_times.h"

#include <gtest/gtest.h>

namespace server {
namespace {

using std::chrono::milliseconds;

TEST(AppendTimesTest, AreNoneBeforeTheFirst) {
  const AppendTimes::Values values = AppendTimes().Get();
  EXPECT_EQ(values.successes, 0u);
  EXPECT_EQ(values.average, 0);
  EXPECT_EQ(values.standard_deviation, 0);
}

TEST(AppendTimesTest, AreMillisecondsOfThoseThatSucceeded) {
  AppendTimes times;
  for (const int took : {4, 2, 6, 4}) times.Succeeded(milliseconds(took));
  times.Failed();
  const AppendTimes::Values values = times.Get();
  EXPECT_EQ(values.current, 4);
  EXPECT_EQ(values.average, 4);
  EXPECT_DOUBLE_EQ(values.standard_deviation * values.standard_deviation, 2);
  EXPECT_EQ(values.minimum, 2);
  EXPECT_EQ(values.maximum, 6);
  EXPECT_EQ(values.successes, 4u);
  EXPECT_EQ(values.failures, 1u);
}

TEST(AppendTimesTest, ThatAreAllTheSameDoNotDeviate) {
  AppendTimes times;
  for (int i = 0; i < 1000; ++i) times.Succeeded(std::chrono::microseconds(1234));
  EXPECT_GE(times.Get().standard_deviation, 0);
  EXPECT_LT(times.Get().standard_deviation, 1e-3);
}

}  // namespace
}  // namespace server
