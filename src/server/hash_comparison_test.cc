#include "server/hash_comparison.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/errors.h"

namespace server {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using Outcome = HashVerdict::Outcome;

constexpr base::MemberId kLeader{1};
constexpr base::MemberId kB{2};
constexpr base::MemberId kC{3};
constexpr base::MemberId kD{4};

MemberHash Of(uint32_t hash, int64_t compact_revision, int64_t current = 10) {
  return {{hash, compact_revision, 8}, base::Revision(current)};
}

base::Result<MemberHash> Silent() {
  return base::Status(base::Code::kUnavailable, "no answer");
}

std::vector<base::MemberId> Contradicting(const MemberHash& told) {
  const LeaderKeys leader{{77, 3, 8}, base::Revision(10), base::Revision(5)};
  std::vector<base::MemberId> members;
  for (const auto& found : Contradictions(leader, {{kB, told}, {kC, Silent()}})) {
    members.push_back(found.member);
  }
  return members;
}

TEST(ContradictionsTest, EqualKeysContradictNobodyWhereverTheirMemberIs) {
  EXPECT_THAT(Contradicting(Of(77, 3)), IsEmpty());
  EXPECT_THAT(Contradicting(Of(77, 3, 4)), IsEmpty());
  // After another compaction the hash is another one.
  EXPECT_THAT(Contradicting(Of(5, 1)), IsEmpty());
  EXPECT_THAT(Contradicting(Of(5, 5)), IsEmpty());
  EXPECT_THAT(Contradicting(Of(5, -1)), IsEmpty());
}

TEST(ContradictionsTest, OtherKeysAfterTheSameCompactionDo) {
  EXPECT_THAT(Contradicting(Of(78, 3)), ElementsAre(kB));
}

TEST(ContradictionsTest, NobodyIsAheadOfTheLeader) {
  EXPECT_THAT(Contradicting(Of(77, 3, 11)), ElementsAre(kB));
  EXPECT_THAT(Contradicting(Of(77, 6)), ElementsAre(kB));
}

HashVerdict Compare(const MemberHashes& told) {
  return CompareCompaction(kLeader, {77, 3, 8}, told);
}

TEST(CompareCompactionTest, AllMustHaveTold) {
  EXPECT_EQ(Compare({{kB, Of(77, 3)}, {kC, Of(77, 3)}}).outcome, Outcome::kEqual);
  EXPECT_EQ(Compare({{kB, Of(77, 3)}, {kC, Silent()}}).outcome, Outcome::kIncomplete);
  const MemberHashes compacted = {{kB, Of(77, 3)}, {kC, base::errors::kCompacted}};
  EXPECT_EQ(Compare(compacted).outcome, Outcome::kIncomplete);
}

// As that of a member which has got a snapshot since.
TEST(CompareCompactionTest, AHashOfAnotherCompactionCountsAsNone) {
  const HashVerdict verdict = Compare({{kB, Of(5, 8)}, {kC, Of(77, 3)}});
  EXPECT_EQ(verdict.outcome, Outcome::kIncomplete);
  EXPECT_EQ(verdict.checked, 1u);
}

TEST(CompareCompactionTest, TheMinorityIsCorrupt) {
  const HashVerdict one = Compare({{kB, Of(78, 3)}, {kC, Of(77, 3)}});
  EXPECT_EQ(one.outcome, Outcome::kDifferent);
  EXPECT_THAT(one.corrupt, ElementsAre(kB));
  // Also if that is the leader.
  EXPECT_THAT(Compare({{kB, Of(78, 3)}, {kC, Of(78, 3)}}).corrupt, ElementsAre(kLeader));
}

TEST(CompareCompactionTest, WithoutAMajorityNobodyIsNamed) {
  for (const MemberHashes& told :
       {MemberHashes{{kB, Of(78, 3)}}, MemberHashes{{kB, Of(78, 3)}, {kC, Of(79, 3)}},
        // A silent member may be on either side.
        MemberHashes{{kB, Of(78, 3)}, {kC, Silent()}},
        MemberHashes{{kB, Of(78, 3)}, {kC, Of(78, 3)}, {kD, Of(77, 3)}}}) {
    const HashVerdict verdict = Compare(told);
    EXPECT_EQ(verdict.outcome, Outcome::kDifferent);
    EXPECT_THAT(verdict.corrupt, IsEmpty());
  }
}

TEST(CompareCompactionTest, ThreeOfFourAreAMajority) {
  EXPECT_THAT(Compare({{kB, Of(77, 3)}, {kC, Of(77, 3)}, {kD, Of(1, 3)}}).corrupt, ElementsAre(kD));
}

}  // namespace
}  // namespace server
