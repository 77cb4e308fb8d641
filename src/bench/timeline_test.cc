#include "bench/timeline.h"

#include <gtest/gtest.h>

namespace bench {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

uint64_t CountAll(const Timeline& timeline) {
  uint64_t sum = 0;
  for (const ctl::Histogram& span : timeline.spans()) sum += span.count();
  return sum;
}

TEST(TimelineTest, WhatIsMeasuredStandsInItsSpan) {
  Timeline timeline;
  timeline.Record(milliseconds(25), milliseconds(7));
  ASSERT_EQ(timeline.spans().size(), 3u);
  EXPECT_EQ(timeline.spans()[0].count(), 0u);
  EXPECT_EQ(timeline.spans()[2].largest(), milliseconds(7));
}

TEST(TimelineTest, ALongRunHasLongerSpansAndNoMoreOfThem) {
  Timeline timeline;
  for (int second = 0; second < 3600; ++second) {
    timeline.Record(seconds(second), milliseconds(second));
  }
  EXPECT_LE(timeline.spans().size(), Timeline::kSpansMax);
  EXPECT_EQ(timeline.span(), Timeline::kFirstSpan * 1024);
  EXPECT_EQ(CountAll(timeline), 3600u);
  EXPECT_EQ(timeline.spans().back().largest(), milliseconds(3599));
}

TEST(TimelineTest, OnesOfDifferentSpansAreAdded) {
  Timeline brief;
  brief.Record(milliseconds(15), milliseconds(1));
  Timeline lengthy;
  lengthy.Record(seconds(100), milliseconds(2));
  Timeline first = brief;
  first.Add(lengthy);
  Timeline second = lengthy;
  second.Add(brief);
  for (const Timeline& sum : {first, second}) {
    EXPECT_EQ(sum.span(), lengthy.span());
    EXPECT_EQ(CountAll(sum), 2u);
    EXPECT_EQ(sum.spans().front().largest(), milliseconds(1));
    EXPECT_EQ(sum.spans().back().largest(), milliseconds(2));
  }
}

}  // namespace
}  // namespace bench
