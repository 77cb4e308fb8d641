#include "raft/election_timer.h"

#include <gtest/gtest.h>

#include <set>

namespace raft {
namespace {

TEST(ElectionTimerTest, DrawsEachWaitBetweenOneAndTwoTimesTheElectionTicks) {
  ElectionTimer timer(10, 1);
  std::set<uint32_t> drawn;
  for (int wait = 0; wait < 1000; ++wait) {
    timer.Redraw();
    drawn.insert(timer.timeout());
  }
  EXPECT_EQ(*drawn.begin(), 10u);
  EXPECT_EQ(*drawn.rbegin(), 19u);
  EXPECT_EQ(drawn.size(), 10u);
}

TEST(ElectionTimerTest, TheSameSeedDrawsTheSameWaits) {
  ElectionTimer one(100, 7);
  ElectionTimer same(100, 7);
  ElectionTimer other(100, 8);
  int differences = 0;
  for (int wait = 0; wait < 100; ++wait) {
    EXPECT_EQ(one.timeout(), same.timeout());
    differences += one.timeout() != other.timeout();
    one.Redraw();
    same.Redraw();
    other.Redraw();
  }
  EXPECT_GT(differences, 90);
}

TEST(ElectionTimerTest, ExpiresAfterTheDrawnNumberOfTicks) {
  ElectionTimer timer(3, 1);
  timer.set_timeout(4);
  for (int tick = 0; tick < 3; ++tick) timer.Tick();
  EXPECT_FALSE(timer.Expired());
  EXPECT_FALSE(timer.WithinLease());
  timer.Tick();
  EXPECT_TRUE(timer.Expired());
  timer.Restart();
  EXPECT_FALSE(timer.Expired());
  EXPECT_EQ(timer.LeaseRemaining(), 3u);
  EXPECT_EQ(timer.timeout(), 4u);
}

}  // namespace
}  // namespace raft
