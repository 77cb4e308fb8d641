#include "raft/quorum.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "raft/testing/random_values.h"

namespace raft {
namespace {

using testing::Below;
using testing::Generator;

class AckedMap : public AckedIndexer {
 public:
  std::optional<Index> AckedIndex(MemberId member) const override {
    const auto it = map.find(member);
    return it == map.end() ? std::nullopt : std::optional(it->second);
  }

  std::map<MemberId, Index> map;
};

MemberSet AnySet(Generator& generator, uint64_t size_max) {
  MemberSet members;
  for (uint64_t count = Below(generator, size_max + 1); count > 0; --count) {
    members.Insert(MemberId(1 + Below(generator, 12)));
  }
  return members;
}

// The definition: the largest index, of those acknowledged, that more than half have reached.
Index SlowCommitted(const MemberSet& members, const AckedMap& acked) {
  if (members.empty()) return kAllCommitted;
  Index best;
  for (MemberId candidate : members) {
    const Index index = acked.AckedIndex(candidate).value_or(Index(0));
    size_t reached = 0;
    for (MemberId member : members) {
      reached += acked.AckedIndex(member).value_or(Index(0)) >= index;
    }
    if (2 * reached > members.size()) best = std::max(best, index);
  }
  return best;
}

// The definition: won if won however the missing vote, lost if lost however they vote.
VoteResult SlowResult(const MemberSet& members, const Votes& votes) {
  const auto won = [&](bool missing) {
    size_t granted = 0;
    for (MemberId member : members) {
      const auto vote = votes.find(member);
      granted += vote == votes.end() ? missing : vote->second;
    }
    return members.empty() || 2 * granted > members.size();
  };
  if (won(false)) return VoteResult::kWon;
  return won(true) ? VoteResult::kPending : VoteResult::kLost;
}

TEST(QuorumTest, CommitsWhatTheDefinitionCommits) {
  for (uint64_t seed = 1; seed <= 5000; ++seed) {
    Generator generator(seed);
    const JointConfig config{AnySet(generator, 10), AnySet(generator, 5)};
    AckedMap acked;
    for (MemberId member : config.Members()) {
      if (Below(generator, 4) != 0) acked.map[member] = Index(Below(generator, 6));
    }
    EXPECT_EQ(CommittedIndex(config.incoming, acked), SlowCommitted(config.incoming, acked))
        << "seed " << seed;
    EXPECT_EQ(CommittedIndex(config, acked), std::min(SlowCommitted(config.incoming, acked),
                                                      SlowCommitted(config.outgoing, acked)))
        << "seed " << seed;
  }
}

TEST(QuorumTest, DecidesVotesAsTheDefinitionDoes) {
  for (uint64_t seed = 1; seed <= 5000; ++seed) {
    Generator generator(seed);
    const JointConfig config{AnySet(generator, 7), AnySet(generator, 5)};
    Votes votes;
    for (MemberId member : config.Members()) {
      if (Below(generator, 3) != 0) votes[member] = Below(generator, 2) == 1;
    }
    const VoteResult incoming = SlowResult(config.incoming, votes);
    const VoteResult outgoing = SlowResult(config.outgoing, votes);
    EXPECT_EQ(ResultOf(config.incoming, votes), incoming) << "seed " << seed;
    const VoteResult joint = ResultOf(config, votes);
    EXPECT_EQ(joint == VoteResult::kWon,
              incoming == VoteResult::kWon && outgoing == VoteResult::kWon)
        << "seed " << seed;
    EXPECT_EQ(joint == VoteResult::kLost,
              incoming == VoteResult::kLost || outgoing == VoteResult::kLost)
        << "seed " << seed;
  }
}

TEST(QuorumTest, TwoMajoritiesOfASetAlwaysMeet) {
  for (uint64_t size = 1; size <= 9; ++size) {
    MemberSet members;
    for (uint64_t member = 1; member <= size; ++member) members.Insert(MemberId(member));
    // The fewest yes votes that win; twice as many must exceed the set.
    uint64_t yes = 0;
    Votes votes;
    while (ResultOf(members, votes) != VoteResult::kWon) votes[MemberId(++yes)] = true;
    EXPECT_GT(2 * yes, size);
    EXPECT_LE(2 * (yes - 1), size);
  }
}

TEST(MemberSetTest, IsSortedAndHoldsEachMemberOnce) {
  MemberSet members{MemberId(3), MemberId(1), MemberId(3)};
  members.Insert(MemberId(2));
  members.Insert(MemberId(1));
  members.Erase(MemberId(9));
  EXPECT_EQ(members.members(), (std::vector<MemberId>{MemberId(1), MemberId(2), MemberId(3)}));
  members.Erase(MemberId(2));
  EXPECT_FALSE(members.Contains(MemberId(2)));
  EXPECT_TRUE(members.Contains(MemberId(3)));
}

}  // namespace
}  // namespace raft
