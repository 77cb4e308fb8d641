#include "bench/event_counter.h"

#include <gtest/gtest.h>

#include <memory>

#include "runtime/simulated/scheduler.h"

namespace bench {
namespace {

using std::chrono::milliseconds;

class EventCounterTest : public ::testing::Test {
 protected:
  EventCounterTest() { scheduler_.RunFor(milliseconds(5)); }
  void Pass(int count) { scheduler_.RunFor(milliseconds(count)); }

  runtime::simulated::Scheduler scheduler_{7};
  const std::unique_ptr<runtime::Loop> loop_ = scheduler_.NewLoop("events");
  int calls_ = 0;
  EventCounter counter_{loop_.get(), {.puts = 2, .expected = 3}, [this] { ++calls_; }};
};

TEST_F(EventCounterTest, EventsCountFromTheBeginAndFromTheEndOfTheirPut) {
  counter_.OnPutBegun(0);
  Pass(2);
  counter_.OnEvent(0);
  Pass(1);
  counter_.OnPutEnded(0);
  Pass(4);
  counter_.OnEvent(0);
  EXPECT_EQ(counter_.since_begin().latencies.smallest(), milliseconds(2));
  EXPECT_EQ(counter_.since_begin().latencies.largest(), milliseconds(7));
  EXPECT_EQ(counter_.since_end().latencies.smallest(), milliseconds(0));
  EXPECT_EQ(counter_.since_end().latencies.largest(), milliseconds(4));
  EXPECT_EQ(counter_.took(), milliseconds(7));
  EXPECT_FALSE(counter_.has_all());
}

TEST_F(EventCounterTest, TheLastThatIsExpectedIsToldOnce) {
  counter_.OnPutBegun(0);
  counter_.OnPutBegun(1);
  for (const uint64_t number : {0, 1, 0}) counter_.OnEvent(number);
  EXPECT_EQ(calls_, 1);
  counter_.OnEvent(1);
  EXPECT_EQ(calls_, 1);
  EXPECT_TRUE(counter_.has_all());
}

TEST_F(EventCounterTest, WhatNobodyHasPutCountsForNothing) {
  counter_.OnEvent(0);
  counter_.OnPutBegun(0);
  for (const uint64_t number : {uint64_t{1}, uint64_t{2}, UINT64_MAX}) counter_.OnEvent(number);
  EXPECT_EQ(counter_.received(), 0u);
  EXPECT_EQ(counter_.since_begin().done(), 0u);
}

}  // namespace
}  // namespace bench
