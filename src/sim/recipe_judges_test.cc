#include "sim/recipe_judges.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace sim {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

runtime::TimePoint At(int64_t milliseconds) {
  return runtime::TimePoint() + std::chrono::milliseconds(milliseconds);
}

class RecipeJudgesTest : public ::testing::Test {
 protected:
  void Put(const std::string& value, uint64_t number, int64_t at) {
    queue_.OnAsked(value, number);
    queue_.OnPut(value, At(at));
  }

  std::vector<std::string> violations_;
  const OnViolation fail_ = [this](const std::string& what) { violations_.push_back(what); };
  QueueJudge queue_{"queue", fail_};
  CountJudge count_{"count", fail_};
  BarrierJudge barrier_{fail_};
  MeetingJudge meeting_{2, fail_};
};

TEST_F(RecipeJudgesTest, ElementsComeInOrder) {
  Put("a", 0, 10);
  Put("b", 0, 20);
  queue_.OnAsked("unknown", 0);
  queue_.OnTaken("a", 5, At(30), At(40));
  queue_.OnTaken("b", 6, At(50), At(60));
  queue_.OnTaken("unknown", 7, At(70), At(80));
  queue_.OnLeft({});
  EXPECT_THAT(violations_, IsEmpty());
}

TEST_F(RecipeJudgesTest, WhoAsksAtOneTimeMayBeToldInAnyOrder) {
  Put("a", 0, 10);
  Put("b", 0, 20);
  queue_.OnTaken("b", 6, At(30), At(50));
  queue_.OnTaken("a", 5, At(40), At(60));
  EXPECT_THAT(violations_, IsEmpty());
}

TEST_F(RecipeJudgesTest, AnElementDoesNotComeBeforeAnEarlierOne) {
  Put("a", 0, 10);
  Put("b", 0, 20);
  queue_.OnTaken("b", 6, At(30), At(40));
  queue_.OnTaken("a", 5, At(50), At(60));
  EXPECT_THAT(violations_, ElementsAre("queue: the element of revision 6 was handed out before "
                                       "that of revision 5"));
}

TEST_F(RecipeJudgesTest, ALowerNumberComesFirst) {
  Put("high", 2, 10);
  Put("low", 1, 20);
  queue_.OnTaken("high", 5, At(30), At(40));
  queue_.OnTaken("low", 6, At(50), At(60));
  EXPECT_THAT(violations_, ElementsAre("queue: the element of revision 5 was handed out before "
                                       "that of revision 6"));
}

TEST_F(RecipeJudgesTest, ALowerNumberThatMayHaveComeLaterMayBeTakenLater) {
  Put("high", 2, 10);
  queue_.OnTaken("high", 5, At(30), At(40));
  Put("low", 1, 35);
  queue_.OnTaken("low", 6, At(50), At(60));
  EXPECT_THAT(violations_, IsEmpty());
}

TEST_F(RecipeJudgesTest, AnElementIsHandedOutOnce) {
  Put("a", 0, 10);
  queue_.OnTaken("a", 5, At(30), At(40));
  queue_.OnTaken("a", 5, At(30), At(40));
  queue_.OnTaken("b", 6, At(30), At(40));
  queue_.OnAsked("c", 0);
  queue_.OnRefused("c");
  queue_.OnTaken("c", 7, At(30), At(40));
  EXPECT_THAT(violations_, ElementsAre("queue: \"a\" was handed out twice",
                                       "queue: has \"b\", which nobody has put",
                                       "queue: has \"c\", which nobody has put"));
}

TEST_F(RecipeJudgesTest, WhatIsPutIsThereOrWasTaken) {
  Put("a", 0, 10);
  Put("b", 0, 20);
  Put("c", 0, 30);
  queue_.OnTaken("a", 5, At(30), At(40));
  queue_.OnMayBeTaken();
  queue_.OnLeft({"c"});
  EXPECT_THAT(violations_, IsEmpty());
  queue_.OnLeft({"a"});
  EXPECT_THAT(violations_, ElementsAre("queue: has still what was handed out",
                                       "queue: has lost 2 elements, and 1 were said to be"));
}

TEST_F(RecipeJudgesTest, EachCountIsAnother) {
  for (int i = 0; i < 4; ++i) count_.OnAsked();
  count_.OnCounted(10, 1);
  count_.OnCounted(14, 3);
  count_.OnCounted(12, 2);  // was told late
  count_.OnLeft(3);
  count_.OnLeft(4);  // of one it is not known
  EXPECT_THAT(violations_, IsEmpty());
  count_.OnCounted(16, 3);
  count_.OnCounted(13, 4);
  EXPECT_THAT(violations_, ElementsAre("count: was made 3 at revisions 14 and 16",
                                       "count: was made 4 before it was made less"));
}

TEST_F(RecipeJudgesTest, ACountIsNoLessThanWasToldAndNoMoreThanWasAsked) {
  count_.OnAsked();
  count_.OnAsked();
  count_.OnCounted(10, 1);
  count_.OnLeft(0);
  count_.OnLeft(3);
  EXPECT_THAT(violations_, ElementsAre("count: is 0, was made 1, and 2 were asked for",
                                       "count: is 3, was made 1, and 2 were asked for"));
}

TEST_F(RecipeJudgesTest, NobodyPassesABarrierThatIsHeld) {
  barrier_.OnPassed(1, At(5));
  barrier_.OnHeld(1, At(10));
  barrier_.OnPassed(1, At(9));  // it came before
  barrier_.OnPassed(2, At(11));
  EXPECT_THAT(violations_, IsEmpty());
  barrier_.OnPassed(1, At(11));
  EXPECT_THAT(violations_, ElementsAre("the barrier: somebody is past it while it is held"));
  barrier_.OnReleaseAsked(1);
  barrier_.OnPassed(1, At(11));
  EXPECT_EQ(violations_.size(), 1u);
}

TEST_F(RecipeJudgesTest, TheyMeet) {
  const auto lives = [] { return true; };
  const size_t a = meeting_.OnComing(1, lives);
  const size_t b = meeting_.OnComing(1, lives);
  meeting_.OnEntered(a);
  meeting_.OnEntered(b);
  meeting_.OnLeaving(a);
  meeting_.OnLeaving(b);
  meeting_.OnLeft(b);
  meeting_.OnLeft(a);
  EXPECT_THAT(violations_, IsEmpty());
}

TEST_F(RecipeJudgesTest, NobodyEntersBeforeAllAreThere) {
  const auto lives = [] { return true; };
  meeting_.OnGone(meeting_.OnComing(1, lives));
  meeting_.OnComing(2, lives);
  const size_t who = meeting_.OnComing(1, lives);
  meeting_.OnEntered(who);
  EXPECT_THAT(violations_, ElementsAre("the double barrier: 1 have entered together, not 2"));
}

// Of one whose end is not known it is not said that it is gone.
TEST_F(RecipeJudgesTest, WhoMayBeThereCounts) {
  const auto lives = [] { return true; };
  meeting_.OnComing(1, lives);
  meeting_.OnEntered(meeting_.OnComing(1, lives));
  EXPECT_THAT(violations_, IsEmpty());
}

TEST_F(RecipeJudgesTest, NobodyHasLeftBeforeAllLeaveWhoLive) {
  bool lives = false;
  const size_t a = meeting_.OnComing(1, [] { return true; });
  const size_t b = meeting_.OnComing(1, [&] { return lives; });
  meeting_.OnEntered(a);
  meeting_.OnEntered(b);
  meeting_.OnLeaving(a);
  meeting_.OnLeft(a);
  EXPECT_THAT(violations_, IsEmpty());
  lives = true;
  meeting_.OnLeft(a);
  EXPECT_THAT(violations_,
              ElementsAre("the double barrier: somebody has left, and another is there still"));
}

}  // namespace
}  // namespace sim
