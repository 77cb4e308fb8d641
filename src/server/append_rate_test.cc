#include "server/append_rate.h"

#include <gtest/gtest.h>

namespace server {
namespace {

using std::chrono::milliseconds;

runtime::TimePoint At(int64_t ms) {
  return runtime::TimePoint(milliseconds(ms));
}

TEST(AppendRateTest, OneAloneHasNone) {
  AppendRate rate;
  EXPECT_EQ(rate.At(At(0)).messages, 0);
  rate.Count(100, At(5));
  EXPECT_EQ(rate.count(), 1u);
  EXPECT_EQ(rate.At(At(6)).messages, 0);
}

TEST(AppendRateTest, IsThatOfTheLastOnes) {
  AppendRate rate;
  for (int i = 0; i < 100; ++i) rate.Count(1'000'000, At(i));
  for (int i = 0; i < 200; ++i) rate.Count(50, At(1'000 + 10 * i));
  EXPECT_EQ(rate.count(), 300u);
  const AppendRate::Rates rates = rate.At(At(3'000));
  EXPECT_DOUBLE_EQ(rates.messages, 200 / 1.99);
  EXPECT_DOUBLE_EQ(rates.bytes, 200 * 50 / 1.99);
}

TEST(AppendRateTest, IsZeroAfterASecondWithoutOne) {
  AppendRate rate;
  for (int i = 0; i < 10; ++i) rate.Count(50, At(i));
  EXPECT_GT(rate.At(At(1'009)).messages, 0);
  EXPECT_EQ(rate.At(At(1'010)).messages, 0);
  EXPECT_EQ(rate.At(At(1'010)).bytes, 0);
}

}  // namespace
}  // namespace server
