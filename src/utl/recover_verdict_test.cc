#include "utl/recover_verdict.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "utl/testing/survivors.h"

namespace utl {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using testing::MakeSurvivor;
using ::testing::Not;

constexpr char kNothingIsLost[] = "Nothing that was answered is lost: ";
constexpr char kCannotBeKnown[] = "whether there are any cannot be known";

TEST(RecoverVerdictTest, ALaterTermCountsForMoreThanALongerLog) {
  const Verdict verdict = Judge({MakeSurvivor(1, {{2, 500}}), MakeSurvivor(2, {{2, 90}, {3, 95}})});
  EXPECT_EQ(verdict.chosen, 1U);
  EXPECT_EQ(verdict.lines.front(),
            "The most advanced is m2 (2) in /d2: its log ends at entry 95 of term 3.");
}

TEST(RecoverVerdictTest, InOneTermTheLongerLogCounts) {
  EXPECT_EQ(Judge({MakeSurvivor(1, {{2, 90}}), MakeSurvivor(2, {{2, 91}})}).chosen, 1U);
  EXPECT_EQ(Judge({MakeSurvivor(1, {{2, 91}}), MakeSurvivor(2, {{2, 90}})}).chosen, 0U);
}

TEST(RecoverVerdictTest, OfEqualLogsTheOneThatKnowsMoreToBeCommittedIsTaken) {
  Survivor knows_more = MakeSurvivor(2, {{2, 90}});
  knows_more.commit = base::Index(90);
  Survivor has_applied_more = knows_more;
  has_applied_more.consistent_index = base::Index(70);
  EXPECT_EQ(Judge({MakeSurvivor(1, {{2, 90}}), knows_more}).chosen, 1U);
  EXPECT_EQ(Judge({MakeSurvivor(1, {{2, 90}}), knows_more, has_applied_more}).chosen, 2U);
  EXPECT_EQ(Judge({has_applied_more, MakeSurvivor(1, {{2, 90}}), knows_more}).chosen, 0U);
}

TEST(RecoverVerdictTest, ADamagedOneIsNotTaken) {
  Survivor damaged = MakeSurvivor(1, {{9, 900}});
  damaged.log_damage = "damaged";
  const Verdict verdict = Judge({damaged, MakeSurvivor(2, {{2, 90}})});
  EXPECT_EQ(verdict.chosen, 1U);
  EXPECT_THAT(verdict.lines, Contains("m1 (1) in /d1 is damaged and is not gone on from. What it "
                                      "alone had is lost."));
  damaged.log_damage = "";
  damaged.database_damage = "damaged";
  EXPECT_EQ(Judge({damaged}).chosen, std::nullopt);
}

TEST(RecoverVerdictTest, OneWhoseStartMakesItsDatabaseAnewIsTold) {
  const auto way_back = HasSubstr("start that member once, which makes its database anew");
  Survivor damaged = MakeSurvivor(1, {{9, 900}});
  damaged.database_damage = "damaged";
  EXPECT_THAT(Judge({damaged}).lines, Contains(way_back));
  EXPECT_THAT(Judge({damaged, MakeSurvivor(2, {{2, 90}})}).lines, Contains(way_back));
  damaged.base.index = base::Index(1);
  EXPECT_THAT(Judge({damaged}).lines, Not(Contains(way_back)));
  damaged.base.index = base::Index();
  damaged.log_damage = "damaged, too";
  EXPECT_THAT(Judge({damaged}).lines, Not(Contains(way_back)));
}

TEST(RecoverVerdictTest, WhatMayHaveBeenAnsweredIsKept) {
  Survivor survivor = MakeSurvivor(1, {{2, 90}});
  survivor.commit = base::Index(87);
  EXPECT_THAT(Judge({survivor}).lines,
              Contains("It does not know entries 88 to 90 to be committed. They may have been "
                       "answered, and are kept."));
  survivor.commit = base::Index(89);
  EXPECT_THAT(Judge({survivor}).lines,
              Contains("It does not know entry 90 to be committed. It may have been answered, and "
                       "is kept."));
  survivor.commit = base::Index(90);
  EXPECT_THAT(Judge({survivor}).lines,
              Contains("It knows all entries of its log to be committed."));
}

TEST(RecoverVerdictTest, WhatOthersHaveThatItLacksIsTold) {
  const Survivor chosen = MakeSurvivor(1, {{2, 80}, {4, 85}});
  EXPECT_THAT(
      Judge({chosen, MakeSurvivor(2, {{2, 80}, {3, 99}})}).lines,
      Contains("m2 (2) in /d2 has entries 81 to 99, up to term 3, which it lacks. They were "
               "not committed when term 4 began, and an election among the survivors would "
               "drop them, too."));
  EXPECT_THAT(Judge({chosen, MakeSurvivor(2, {{2, 81}})}).lines,
              Contains(HasSubstr("has entry 81, up to term 2, which it lacks. It was not")));
  EXPECT_THAT(Judge({chosen, MakeSurvivor(2, {{2, 80}, {4, 83}})}).lines,
              Contains("m2 (2) in /d2 has no entry that it lacks."));
}

TEST(RecoverVerdictTest, LogsThatBeginElsewhereAreComparedWhereBothAre) {
  Survivor chosen = MakeSurvivor(1, {{3, 95}});
  chosen.base = {base::Term(3), base::Index(90)};
  Survivor behind = MakeSurvivor(2, {{2, 70}});
  EXPECT_THAT(Judge({chosen, behind}).lines, Contains(HasSubstr("has no entry that it lacks")));
  Survivor equal = MakeSurvivor(2, {{2, 80}, {3, 95}});
  EXPECT_THAT(Judge({chosen, equal}).lines, Contains(HasSubstr("has no entry that it lacks")));
}

TEST(RecoverVerdictTest, NothingIsLostWhileFewerThanAMajorityAreMissing) {
  Survivor one = MakeSurvivor(1, {{2, 90}}, /*members=*/4);
  Survivor two = MakeSurvivor(2, {{2, 90}}, /*members=*/4);
  EXPECT_THAT(
      Judge({one, two}).lines,
      Contains("Nothing that was answered is lost: 2 of 4 voters are not here, and 3 have an "
               "entry before it is answered."));
  EXPECT_THAT(Judge({one}).lines, Contains(HasSubstr(kCannotBeKnown)));
  // A damaged one has nothing to tell, and what changes members says nothing of how many there are.
  two.log_damage = "damaged";
  EXPECT_THAT(Judge({one, two}).lines, Contains(HasSubstr(kCannotBeKnown)));
  two.log_damage = "";
  one.changes_members = two.changes_members = true;
  EXPECT_THAT(Judge({one, two}).lines, Not(Contains(HasSubstr(kNothingIsLost))));
  one.changes_members = false;
  one.members.clear();
  EXPECT_THAT(Judge({one}).lines, Not(Contains(HasSubstr(kNothingIsLost))));
}

TEST(RecoverVerdictTest, OneThatHasForgottenMayBeTakenAndCountsAsMissing) {
  Survivor forgetful = MakeSurvivor(1, {{2, 90}});
  forgetful.forgotten = "/d1/member/forgotten: it had more";
  const auto told = HasSubstr(
      "What m1 (1) in /d1 has is less than it had acknowledged, so that it counts as one that is "
      "not here: /d1/member/forgotten: it had more.");
  const Verdict verdict = Judge({forgetful, MakeSurvivor(2, {{2, 80}})});
  EXPECT_EQ(verdict.chosen, 0U);
  EXPECT_THAT(verdict.lines, Contains(told));
  EXPECT_THAT(verdict.lines, Contains(HasSubstr(kCannotBeKnown)));
  // No start makes its database anew.
  forgetful.database_damage = "damaged";
  EXPECT_THAT(Judge({forgetful}).lines, Not(Contains(HasSubstr("start that member once"))));
}

TEST(RecoverVerdictTest, TwoOfThreeMayHaveAnsweredWhatNobodyHereHas) {
  EXPECT_THAT(Judge({MakeSurvivor(1, {{2, 90}})}).lines,
              Contains("2 of 3 voters are not here. They are a majority, which may have answered "
                       "entries that nobody here has: whether there are any cannot be known."));
}

TEST(RecoverVerdictTest, ALearnerHasNoPartInAMajority) {
  Survivor survivor = MakeSurvivor(1, {{2, 90}}, /*members=*/2);
  survivor.members.back().is_learner = true;
  EXPECT_THAT(Judge({survivor}).lines, Contains(HasSubstr(kNothingIsLost)));
}

TEST(RecoverVerdictTest, KeysThatDifferAreTold) {
  Survivor one = MakeSurvivor(1, {{2, 90}});
  Survivor two = MakeSurvivor(2, {{2, 90}});
  one.hash = mvcc::KeyValueHash{.hash = 1, .compact_revision = 5, .revision = 9};
  two.hash = one.hash;
  EXPECT_THAT(Judge({one, two}).lines, Not(Contains(HasSubstr("corrupt"))));
  two.hash = mvcc::KeyValueHash{.hash = 2, .compact_revision = 5, .revision = 9};
  EXPECT_THAT(Judge({one, two}).lines,
              Contains("The keys of m2 (2) and m1 (1) differ at revision 9: one of the two is "
                       "corrupt."));
  // What was compacted otherwise has another hash.
  two.hash = mvcc::KeyValueHash{.hash = 2, .compact_revision = 4, .revision = 9};
  EXPECT_THAT(Judge({one, two}).lines, Not(Contains(HasSubstr("corrupt"))));
}

}  // namespace
}  // namespace utl
