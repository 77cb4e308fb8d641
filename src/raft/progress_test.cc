#include "raft/progress.h"

#include <gtest/gtest.h>

#include <deque>

#include "raft/testing/random_values.h"

namespace raft {
namespace {

using testing::Below;
using testing::Generator;

Progress Fresh(uint64_t next) {
  return Progress(Index(next), Inflights(4, 0));
}

TEST(InflightsTest, BehavesLikeAQueue) {
  for (uint64_t seed = 1; seed <= 300; ++seed) {
    Generator generator(seed);
    const uint32_t messages_max = static_cast<uint32_t>(1 + Below(generator, 9));
    const uint64_t bytes_max = Below(generator, 2) == 0 ? 0 : 1 + Below(generator, 60);
    Inflights inflights(messages_max, bytes_max);
    std::deque<std::pair<Index, uint64_t>> model;
    Index last;
    for (int step = 0; step < 200; ++step) {
      if (Below(generator, 40) == 0) {
        inflights.Clear();
        model.clear();
      } else if (Below(generator, 2) == 0 && !inflights.full()) {
        last += 1 + Below(generator, 3);
        const uint64_t bytes = Below(generator, 20);
        inflights.Add(last, bytes);
        model.emplace_back(last, bytes);
      } else {
        const Index through = Index(Below(generator, last.value() + 3));
        inflights.FreeThrough(through);
        while (!model.empty() && model.front().first <= through) model.pop_front();
      }
      uint64_t bytes = 0;
      for (const auto& [index, its_bytes] : model) bytes += its_bytes;
      ASSERT_EQ(inflights.count(), model.size()) << "seed " << seed;
      ASSERT_EQ(inflights.bytes(), bytes) << "seed " << seed;
      ASSERT_EQ(inflights.full(),
                model.size() == messages_max || (bytes_max != 0 && bytes >= bytes_max))
          << "seed " << seed;
    }
  }
}

TEST(ProgressTest, MatchStaysBelowNextWhateverHappens) {
  for (uint64_t seed = 1; seed <= 500; ++seed) {
    Generator generator(seed);
    Progress progress = Fresh(1 + Below(generator, 20));
    for (int step = 0; step < 300; ++step) {
      const Index before = progress.match();
      switch (Below(generator, 8)) {
        case 0:
          progress.BecomeProbe();
          break;
        case 1:
          progress.BecomeReplicate();
          break;
        case 2:
          progress.BecomeSnapshot(progress.match() + Below(generator, 5));
          break;
        case 3:
          progress.MaybeUpdate(Index(Below(generator, progress.next().value() + 2)));
          break;
        case 4:
          progress.MaybeDecrease(Index(Below(generator, progress.next().value())),
                                 Index(Below(generator, progress.next().value())));
          break;
        case 5:
          if (!progress.IsPaused()) progress.SentEntries(Below(generator, 3), 1);
          break;
        case 6:
          progress.FreeInflightsThrough(progress.match());
          break;
        default:
          progress.ResumeAppends();
      }
      ASSERT_LT(progress.match(), progress.next()) << "seed " << seed;
      ASSERT_LE(before, progress.match()) << "seed " << seed;
      ASSERT_TRUE(progress.state() != ProgressState::kSnapshot || progress.IsPaused());
    }
  }
}

TEST(ProgressTest, AProbeIsSentOnceUntilItIsAnswered) {
  Progress progress = Fresh(5);
  EXPECT_FALSE(progress.IsPaused());
  progress.SentEntries(1, 10);
  EXPECT_TRUE(progress.IsPaused());
  EXPECT_EQ(progress.next(), Index(5));
  EXPECT_TRUE(progress.MaybeDecrease(Index(4), Index(2)));
  EXPECT_FALSE(progress.IsPaused());
  EXPECT_EQ(progress.next(), Index(3));
}

TEST(ProgressTest, AReplicatingFollowerIsSentEntriesAheadUntilTheWindowIsFull) {
  Progress progress = Fresh(5);
  progress.MaybeUpdate(Index(4));
  progress.BecomeReplicate();
  for (int message = 0; message < 4; ++message) {
    EXPECT_FALSE(progress.IsPaused());
    progress.SentEntries(2, 10);
  }
  EXPECT_EQ(progress.next(), Index(13));
  EXPECT_TRUE(progress.IsPaused());
  progress.MaybeUpdate(Index(6));
  progress.FreeInflightsThrough(Index(6));
  EXPECT_FALSE(progress.IsPaused());
  EXPECT_EQ(progress.inflights().count(), 3u);
}

TEST(ProgressTest, AnOldRefusalChangesNothing) {
  Progress progress = Fresh(10);
  EXPECT_FALSE(progress.MaybeDecrease(Index(5), Index(3)));
  EXPECT_EQ(progress.next(), Index(10));
  progress.MaybeUpdate(Index(9));
  progress.BecomeReplicate();
  EXPECT_FALSE(progress.MaybeDecrease(Index(9), Index(3)));
  EXPECT_EQ(progress.match(), Index(9));
}

TEST(ProgressTest, ADeliveredSnapshotIsProbedFromBehindIt) {
  Progress delivered = Fresh(2);
  delivered.BecomeSnapshot(Index(20));
  EXPECT_EQ(delivered.next(), Index(21));
  delivered.BecomeProbe();
  EXPECT_EQ(delivered.next(), Index(21));

  Progress failed = Fresh(2);
  failed.BecomeSnapshot(Index(20));
  failed.AbortSnapshot();
  EXPECT_EQ(failed.next(), Index(1));
}

TEST(ProgressTest, ACommitIndexIsSentOnlyIfItCanCommitMore) {
  Progress progress = Fresh(8);
  progress.SentCommit(Index(5));
  EXPECT_FALSE(progress.CanBumpCommit(Index(5)));
  EXPECT_TRUE(progress.CanBumpCommit(Index(6)));
  progress.SentCommit(Index(7));
  EXPECT_FALSE(progress.CanBumpCommit(Index(9)));
}

TEST(ProgressTest, MembersThatComeAndGoAreFollowed) {
  ProgressMap progress;
  Membership membership;
  membership.voters.incoming = {MemberId(1), MemberId(2)};
  ReconcileProgress(membership, Index(0), {4, 0}, &progress);
  EXPECT_EQ(progress.at(MemberId(1)).next(), Index(1));
  progress.at(MemberId(1)).MaybeUpdate(Index(7));

  membership.voters.incoming = {MemberId(1)};
  membership.learners = {MemberId(3)};
  ReconcileProgress(membership, Index(9), {4, 0}, &progress);
  EXPECT_EQ(progress.size(), 2u);
  EXPECT_EQ(progress.at(MemberId(1)).match(), Index(7));
  EXPECT_EQ(progress.at(MemberId(3)).next(), Index(9));
  EXPECT_TRUE(progress.at(MemberId(3)).learner());
  EXPECT_TRUE(progress.at(MemberId(3)).recent_active());
}

}  // namespace
}  // namespace raft
