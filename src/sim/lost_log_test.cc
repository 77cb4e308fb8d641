#include "server/replacement.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "sim/testing/quiet_cluster.h"

// A member that has lost its log is replaced by the others, and nothing that was acknowledged goes.

namespace sim {
namespace {

using std::chrono::seconds;

class LostLogTest : public ::testing::TestWithParam<uint64_t>, protected QuietCluster {
 protected:
  LostLogTest() : QuietCluster(GetParam()) {
    plan_.options.snapshot_count = 10;
    plan_.options.snapshot_catchup_entries = 5;
    plan_.options.replace = true;
    Start(seconds(10));
    Put(40);
  }
  // Three voters that run, with all that was acknowledged.
  void ExpectWhole() {
    ASSERT_NE(cluster_->Leader(), nullptr);
    EXPECT_EQ(cluster_->Leader()->node().membership().voters.incoming.size(), 3u);
    EXPECT_EQ(cluster_->members().size(), 3u);
    for (const base::MemberId id : cluster_->members()) {
      ASSERT_NE(cluster_->process(id), nullptr);
      EXPECT_GE(cluster_->process(id)->server().state()->store().revision().value(),
                acknowledged_ + 1);
    }
    ExpectNoViolation();
  }
};

TEST_P(LostLogTest, AFollowerIsReplacedAndVotesAgain) {
  const base::MemberId lost = Follower();
  cluster_->LoseLog(lost);
  Put(10);
  scheduler_.RunFor(seconds(30));
  EXPECT_EQ(cluster_->replacements(), 1u);
  EXPECT_EQ(cluster_->process(lost), nullptr) << "nobody goes by that identifier any more";
  ExpectWhole();
}

TEST_P(LostLogTest, SoIsOneThatLed) {
  cluster_->LoseLog(cluster_->Leader()->id());
  scheduler_.RunFor(seconds(30));
  EXPECT_EQ(cluster_->replacements(), 1u);
  ExpectWhole();
}

TEST_P(LostLogTest, ItDoesNotMatterWhoLeadsMeanwhile) {
  cluster_->LoseLog(Follower());
  for (int turn = 0; turn < 40; ++turn) {
    scheduler_.RunFor(seconds(1));
    if (turn % 5 == 4 && cluster_->Leader() != nullptr) cluster_->Kill(cluster_->Leader()->id());
  }
  scheduler_.RunFor(seconds(30));
  EXPECT_EQ(cluster_->replacements(), 1u);
  ExpectWhole();
}

TEST_P(LostLogTest, OneAfterTheOther) {
  for (uint64_t turn = 1; turn <= 4; ++turn) {
    cluster_->LoseLog(Follower());
    Put(5);
    scheduler_.RunFor(seconds(30));
    EXPECT_EQ(cluster_->replacements(), turn);
  }
  ExpectWhole();
}

TEST_P(LostLogTest, TheClusterMayEndWhileItIsAskedFor) {
  Process* const leader = cluster_->Leader();
  cluster_->LoseLog(Follower());
  // What the leader is asked waits for a quorum that does not answer.
  for (const base::MemberId id : cluster_->members()) {
    if (id != leader->id()) cluster_->network().Cut(id, leader->id());
  }
  scheduler_.RunFor(std::chrono::milliseconds(90));
  cluster_.reset();
}

INSTANTIATE_TEST_SUITE_P(Seeds, LostLogTest, ::testing::Range(uint64_t{1}, uint64_t{7}));

}  // namespace
}  // namespace sim
