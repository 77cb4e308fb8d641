#include "sim/holding_judges.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace sim {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class HoldingJudgesTest : public ::testing::Test {
 protected:
  std::vector<std::string> violations_;
  const OnViolation fail_ = [this](const std::string& what) { violations_.push_back(what); };
  FencingJudge lock_{"lock", fail_};
  SlotJudge slots_{"slots", 2, fail_};
};

TEST_F(HoldingJudgesTest, OneAfterTheOtherMayHoldALock) {
  lock_.OnTaken(10, 1);
  lock_.OnHeld(10, 10);
  lock_.OnCounted(10, 12, 1);
  lock_.OnCounted(10, 14, 2);
  lock_.OnTaken(11, 2);
  lock_.OnHeld(11, 20);
  // Of one that nobody was told of there is no trace but in the counter.
  lock_.OnCounted(11, 22, 4);
  // An answer that came late.
  lock_.OnCounted(10, 15, 3);
  // The session has the place that it had.
  lock_.OnTaken(11, 2);
  lock_.OnHeld(11, 20);
  lock_.OnSeen(0, 10);
  lock_.OnSeen(10, 10);
  lock_.OnSeen(10, 11);
  EXPECT_THAT(violations_, IsEmpty());
}

TEST_F(HoldingJudgesTest, WhoHasLostALockWritesNoMore) {
  lock_.OnHeld(10, 10);
  lock_.OnHeld(11, 20);
  lock_.OnCounted(10, 21, 1);
  EXPECT_THAT(violations_, ElementsAre("lock: token 10 holds at revision 21, and a later one, 11, "
                                       "at 20"));
}

TEST_F(HoldingJudgesTest, NobodyHoldsALockThatAnotherHoldsStill) {
  lock_.OnCounted(10, 21, 1);
  lock_.OnHeld(11, 20);
  EXPECT_THAT(violations_, ElementsAre("lock: token 10 holds at revision 21, and a later one, 11, "
                                       "at 20"));
}

TEST_F(HoldingJudgesTest, TwoDoNotHoldALockAtOneRevision) {
  lock_.OnHeld(10, 20);
  lock_.OnHeld(11, 20);
  EXPECT_THAT(violations_, ElementsAre(HasSubstr("tokens 10 and 11 both hold at revision 20")));
}

TEST_F(HoldingJudgesTest, ATokenIsOfOneSession) {
  lock_.OnTaken(10, 1);
  lock_.OnTaken(10, 2);
  slots_.OnTaken(10, 1);
  slots_.OnTaken(10, 2);
  EXPECT_THAT(violations_, ElementsAre("lock: token 10 was given to two sessions",
                                       "slots: token 10 was given to two sessions"));
}

TEST_F(HoldingJudgesTest, ATokenIsOfARevisionThatWas) {
  lock_.OnHeld(10, 9);
  lock_.OnHeld(0, 9);
  slots_.OnHeld(10, 9);
  slots_.OnHeld(0, 9);
  EXPECT_THAT(violations_,
              ElementsAre(HasSubstr("token 10 holds at revision 9"), HasSubstr("token 0 holds"),
                          HasSubstr("token 10 holds"), HasSubstr("token 0 holds")));
}

TEST_F(HoldingJudgesTest, NothingIsCountedTwice) {
  lock_.OnCounted(10, 12, 1);
  lock_.OnCounted(10, 14, 1);
  EXPECT_THAT(violations_, ElementsAre("lock: the counter was made 1 at revision 14, and 1 at 12"));
  violations_.clear();
  lock_.OnCounted(10, 13, 5);
  EXPECT_THAT(violations_, ElementsAre("lock: the counter was made 5 at revision 13, and 1 at 14"));
}

TEST_F(HoldingJudgesTest, ObserversDoNotGoBack) {
  lock_.OnSeen(11, 10);
  EXPECT_THAT(violations_, ElementsAre("lock: an observer was told of token 10 after 11"));
}

TEST_F(HoldingJudgesTest, AsManyAsTheLimitMayHoldASemaphore) {
  slots_.OnHeld(10, 20);
  slots_.OnHeld(15, 30);
  slots_.OnHeld(21, 25);
  slots_.OnHeld(26, 26);
  slots_.OnHeld(31, 40);
  slots_.OnHeld(15, 29);  // is known
  EXPECT_THAT(violations_, IsEmpty());
}

TEST_F(HoldingJudgesTest, NoMoreThanTheLimitHoldASemaphore) {
  slots_.OnHeld(10, 20);
  slots_.OnHeld(15, 17);
  slots_.OnHeld(18, 19);
  EXPECT_THAT(violations_, IsEmpty());
  slots_.OnHeld(15, 25);  // and did so while the third held it
  EXPECT_THAT(violations_, ElementsAre("slots: has 3 holders at revision 18, and a limit of 2"));
}

}  // namespace
}  // namespace sim
