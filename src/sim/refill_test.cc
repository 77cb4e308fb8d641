#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "server/refill.h"
#include "sim/testing/quiet_cluster.h"

// A member whose database is damaged gets it from the others, and keeps what its log has promised.

namespace sim {
namespace {

using std::chrono::seconds;

class RefillTest : public ::testing::Test, protected QuietCluster {
 protected:
  RefillTest() {
    plan_.options.snapshot_count = 10;
    plan_.options.snapshot_catchup_entries = 1000;
  }
  void StartWithKeys() {
    Start();
    Put(40);
  }
  bool Awaits(base::MemberId id) const {
    Process* const process = cluster_->process(id);
    return process == nullptr || process->server().progress().awaits_snapshot ||
           process->server().progress().applied == 0;
  }
  // Whether all members that run have the same keys.
  bool AreEqual() const {
    std::optional<std::pair<base::Revision, uint32_t>> first;
    for (const base::MemberId id : cluster_->members()) {
      const std::shared_ptr<apply::State> state = cluster_->process(id)->server().state();
      const auto hash = mvcc::Reads(&state->store()).HashKv(base::Revision(0));
      if (!hash.ok()) return false;
      const std::pair seen{state->store().revision(), hash->hash};
      if (!first.has_value()) first = seen;
      if (*first != seen) return false;
    }
    return true;
  }
  // Once its database is damaged.
  void ExpectRefilled(base::MemberId damaged) {
    cluster_->DamageDatabase(damaged);
    scheduler_.RunFor(seconds(5));
    EXPECT_FALSE(Awaits(damaged));
    EXPECT_TRUE(AreEqual());
    ExpectNoViolation();
  }
  base::Index LastIndex(base::MemberId id) const {
    return cluster_->process(id)->node().log().LastIndex();
  }
};

TEST_F(RefillTest, AFollowerIsRefilledByTheLeader) {
  StartWithKeys();
  const base::MemberId damaged = Follower();
  ExpectRefilled(damaged);
  Put(10);
  EXPECT_TRUE(AreEqual());
  cluster_->Kill(damaged);
  scheduler_.RunFor(seconds(2));
  EXPECT_TRUE(AreEqual()) << "what it has got is durable";
  ExpectNoViolation();
}

TEST_F(RefillTest, SoIsOneThatLed) {
  StartWithKeys();
  const base::MemberId damaged = cluster_->Leader()->id();
  ExpectRefilled(damaged);
}

TEST_F(RefillTest, ALogThatBeginsWithItsFirstEntryIsAppliedAgain) {
  plan_.options.snapshot_count = 10'000;
  StartWithKeys();
  const base::MemberId damaged = Follower();
  ExpectRefilled(damaged);
}

// Alone it has nobody to ask; with another one that has the state, the two go on.
TEST_F(RefillTest, ItWaitsForALeaderAndVotesByItsLog) {
  StartWithKeys();
  const base::MemberId damaged = Follower();
  const base::MemberId leader = cluster_->Leader()->id();
  cluster_->DamageDatabase(damaged);
  for (const base::MemberId id : cluster_->members()) {
    if (id != damaged) cluster_->network().Cut(id, damaged);
    if (id != damaged) cluster_->network().Cut(damaged, id);
  }
  scheduler_.RunFor(seconds(10));
  EXPECT_TRUE(Awaits(damaged));
  EXPECT_EQ(cluster_->process(damaged)->server().progress().leader, 0u);
  const base::Index before = LastIndex(damaged);
  EXPECT_GT(before, base::Index(40)) << "what it has acknowledged is in its log";
  cluster_->Kill(damaged);
  scheduler_.RunFor(seconds(2));
  EXPECT_TRUE(Awaits(damaged)) << "after another start, too";
  EXPECT_EQ(LastIndex(damaged), before);
  // The third is cut off: these two must elect one of them, and it is not this one.
  cluster_->network().Heal();
  for (const base::MemberId id : cluster_->members()) {
    if (id == damaged || id == leader) continue;
    for (const base::MemberId other : {damaged, leader}) {
      cluster_->network().Cut(id, other);
      cluster_->network().Cut(other, id);
    }
  }
  scheduler_.RunFor(seconds(10));
  EXPECT_FALSE(Awaits(damaged));
  Put(10);
  cluster_->network().Heal();
  scheduler_.RunFor(seconds(5));
  EXPECT_TRUE(AreEqual());
  ExpectNoViolation();
}

TEST_F(RefillTest, DamageThatIsMetWhileItRunsIsMadeGoodInPlace) {
  StartWithKeys();
  for (const bool leads : {false, true}) {
    const base::MemberId damaged = leads ? cluster_->Leader()->id() : Follower();
    Process* const process = cluster_->process(damaged);
    const std::shared_ptr<apply::State> before = process->server().state();
    EXPECT_TRUE(
        before->database().ReportDamage({base::Code::kDataLoss, "db.mdb: a damaged record"}));
    scheduler_.RunFor(seconds(10));
    EXPECT_EQ(cluster_->process(damaged), process) << "the same process";
    EXPECT_FALSE(Awaits(damaged));
    EXPECT_NE(process->server().state(), before);
    Put(5);
    EXPECT_TRUE(AreEqual());
  }
  ExpectNoViolation();
}

TEST_F(RefillTest, WithoutTheFlagTheMemberDoesNotStart) {
  plan_.options.refill = false;
  StartWithKeys();
  cluster_->DamageDatabase(Follower());
  scheduler_.RunFor(seconds(2));
  EXPECT_EQ(checker_.violation().code(), base::Code::kDataLoss);
  EXPECT_NE(checker_.violation().message().find("db.mdb: damaged"), std::string_view::npos);
}

}  // namespace
}  // namespace sim
