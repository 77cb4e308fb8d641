#include "ctl/histogram.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "runtime/random.h"

namespace ctl {
namespace {

using runtime::Duration;

// Of sizes from a nanosecond to hours.
std::vector<Duration> SomeValues(size_t count) {
  runtime::Random random(20261128);
  std::vector<Duration> values;
  for (size_t i = 0; i < count; ++i) {
    values.emplace_back(random.Below(uint64_t{1} << random.Between(1, 44)));
  }
  return values;
}

TEST(HistogramTest, EachRankIsFoundToWithinItsPrecision) {
  for (const unsigned bits : {5u, 13u}) {
    Histogram histogram(bits);
    std::vector<Duration> values = SomeValues(2000);
    for (const Duration value : values) histogram.Record(value);
    std::sort(values.begin(), values.end());
    for (size_t rank = 0; rank < values.size(); ++rank) {
      const auto exact = static_cast<double>(values[rank].count());
      const auto found = static_cast<double>(histogram.AtRank(rank).count());
      ASSERT_LE(std::abs(found - exact), exact / std::pow(2, bits)) << rank;
    }
    EXPECT_EQ(histogram.smallest(), values.front());
    EXPECT_EQ(histogram.largest(), values.back());
  }
}

TEST(HistogramTest, SmallValuesAreKeptExactly) {
  Histogram histogram;
  for (int i = 1; i <= 100; ++i) histogram.Record(Duration(i));
  EXPECT_EQ(histogram.AtPercentile(0), Duration(1));
  EXPECT_EQ(histogram.AtPercentile(50), Duration(50));
  EXPECT_EQ(histogram.AtPercentile(99), Duration(99));
  EXPECT_EQ(histogram.AtPercentile(99.5), Duration(100));
  EXPECT_EQ(histogram.AtPercentile(100), Duration(100));
  EXPECT_EQ(histogram.CountUpTo(Duration(0)), 0u);
  EXPECT_EQ(histogram.CountUpTo(Duration(30)), 30u);
  EXPECT_EQ(histogram.CountUpTo(Duration(1000)), 100u);
}

TEST(HistogramTest, MeanAndDeviationAreOfTheValuesThemselves) {
  Histogram histogram;
  for (const int seconds : {2, 4, 4, 4, 5, 5, 7, 9})
    histogram.Record(std::chrono::seconds(seconds));
  EXPECT_NEAR(histogram.MeanSeconds(), 5, 1e-9);
  EXPECT_NEAR(histogram.DeviationSeconds(), 2, 1e-9);
}

TEST(HistogramTest, TwoAddedAreAsOne) {
  Histogram whole;
  Histogram parts[3];
  const std::vector<Duration> values = SomeValues(999);
  for (size_t i = 0; i < values.size(); ++i) {
    whole.Record(values[i]);
    parts[i % 2 + 1].Record(values[i]);
  }
  parts[0].Add(parts[1]);
  parts[0].Add(parts[2]);
  parts[0].Add(Histogram());
  EXPECT_EQ(parts[0].count(), whole.count());
  for (size_t rank = 0; rank < values.size(); ++rank) {
    ASSERT_EQ(parts[0].AtRank(rank), whole.AtRank(rank));
  }
  EXPECT_NEAR(parts[0].MeanSeconds() / whole.MeanSeconds(), 1, 1e-9);
  EXPECT_NEAR(parts[0].DeviationSeconds() / whole.DeviationSeconds(), 1, 1e-9);
}

TEST(HistogramTest, WithoutValuesEverythingIsZero) {
  const Histogram histogram;
  EXPECT_EQ(histogram.AtPercentile(99), Duration(0));
  EXPECT_EQ(histogram.CountUpTo(Duration(5)), 0u);
  EXPECT_EQ(histogram.DeviationSeconds(), 0);
}

TEST(HistogramTest, LessThanNothingIsNothing) {
  Histogram histogram;
  histogram.Record(Duration(-5));
  EXPECT_EQ(histogram.largest(), Duration(0));
  EXPECT_EQ(histogram.count(), 1u);
}

}  // namespace
}  // namespace ctl
