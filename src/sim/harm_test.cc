#include <gtest/gtest.h>

#include <memory>

#include "runtime/simulated/scheduler.h"
#include "sim/cluster.h"
#include "sim/testing/quiet_cluster.h"

// Which members a cluster lets be harmed at once, and that they come back whole.

namespace sim {
namespace {

using std::chrono::seconds;

class HarmTest : public ::testing::TestWithParam<uint64_t>, protected QuietCluster {
 protected:
  HarmTest() : QuietCluster(GetParam()) {
    plan_.options.snapshot_count = 10;
    plan_.options.snapshot_catchup_entries = 5;
  }
  void StartWith(uint64_t members) {
    plan_.members = members;
    Start(seconds(10));
    Put(40);
  }
  uint64_t damages() const { return cluster_->tally().Of("members: databases damaged"); }
  void DamageAll() {
    for (const base::MemberId id : cluster_->members()) cluster_->DamageDatabase(id);
  }
  void ExpectAllRun() {
    for (const base::MemberId id : cluster_->members()) {
      ASSERT_NE(cluster_->process(id), nullptr);
      EXPECT_GE(cluster_->process(id)->server().state()->store().revision().value(),
                acknowledged_ + 1);
    }
    ExpectNoViolation();
  }
};

TEST_P(HarmTest, NoMoreDatabasesAreDamagedThanAMinority) {
  StartWith(5);
  DamageAll();
  EXPECT_LE(damages(), 2u);
  scheduler_.RunFor(seconds(10));
  ExpectAllRun();
}

TEST_P(HarmTest, OneAtATimeWhileOperatorsChangeTheMembers) {
  plan_.conf_change_interval = seconds(1);
  StartWith(5);
  DamageAll();
  EXPECT_EQ(damages(), 1u);
}

TEST_P(HarmTest, WhoHasRecoveredMayBeHarmedAgain) {
  StartWith(3);
  for (uint64_t turn = 1; turn <= 3; ++turn) {
    const base::MemberId victim = Follower();
    cluster_->DamageDatabase(victim);
    cluster_->DamageDatabase(victim);
    EXPECT_EQ(damages(), turn);
    scheduler_.RunFor(seconds(10));
  }
  ExpectAllRun();
}

TEST_P(HarmTest, ABitOfALogIsMadeGoodOrItsMemberReplaced) {
  plan_.log_damage_interval = seconds(1);
  StartWith(3);
  for (int turn = 0; turn < 5; ++turn) {
    cluster_->DamageLog(Follower());
    Put(5);
    scheduler_.RunFor(seconds(20));
  }
  EXPECT_EQ(cluster_->tally().Of("members: logs damaged"), 5u);
  EXPECT_EQ(cluster_->Leader()->node().membership().voters.incoming.size(), 3u);
  ExpectAllRun();
}

TEST_P(HarmTest, AQuorumGoesOnWhileAMinorityIsHeld) {
  StartWith(5);
  const base::MemberId damaged = Follower();
  cluster_->DamageDatabase(damaged);
  cluster_->HoldMinority();
  cluster_->ReviveAll();
  scheduler_.RunFor(seconds(5));
  Put(20);
  EXPECT_GE(acknowledged_, 50);
  size_t held = 0;
  for (const base::MemberId id : cluster_->members()) {
    held += cluster_->process(id) == nullptr ? 1 : 0;
  }
  EXPECT_EQ(held, 2u);
  EXPECT_EQ(cluster_->process(damaged), nullptr) << "the others are whole";
  cluster_->Release();
  scheduler_.RunFor(seconds(10));
  ExpectAllRun();
}

TEST_P(HarmTest, WhoIsDownOrDoomedIsImpaired) {
  StartWith(3);
  const base::MemberId follower = Follower();
  const base::MemberId leader = cluster_->Leader()->id();
  EXPECT_TRUE(cluster_->LeavesQuorumWithout(follower, {}));
  EXPECT_FALSE(cluster_->LeavesQuorumWithout(follower, {leader}));
  cluster_->FailPowerAfter(follower, 1'000'000);
  EXPECT_TRUE(cluster_->LeavesQuorumWithout(follower, {}));
  EXPECT_FALSE(cluster_->LeavesQuorumWithout(leader, {}));
}

INSTANTIATE_TEST_SUITE_P(Seeds, HarmTest, ::testing::Range(uint64_t{1}, uint64_t{5}));

}  // namespace
}  // namespace sim
