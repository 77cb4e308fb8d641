#include "server/replacement.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "proto/raft_internal.pb.h"
#include "proto/rpc.pb.h"
#include "runtime/simulated/scheduler.h"
#include "sim/cluster.h"
#include "sim/plan.h"

// A member that has lost its log is replaced by the others, and nothing that was acknowledged goes.

namespace sim {
namespace {

using etcdserverpb::InternalRaftRequest;
using std::chrono::milliseconds;
using std::chrono::seconds;

class LostLogTest : public ::testing::TestWithParam<uint64_t> {
 protected:
  LostLogTest() {
    plan_.members = 3;
    plan_.tick_interval_min = plan_.tick_interval_max = milliseconds(10);
    plan_.disk_latency_max = plan_.message_latency_max = milliseconds(1);
    plan_.downtime_max = milliseconds(100);
    plan_.options.snapshot_count = 10;
    plan_.options.snapshot_catchup_entries = 5;
    plan_.options.replace = true;
    cluster_ = std::make_unique<Cluster>(&scheduler_, &wires_, &checker_, plan_);
    scheduler_.RunFor(seconds(10));
    Put(40);
  }
  void Put(int count) {
    for (int i = 0; i < count; ++i) {
      etcdserverpb::PutRequest put;
      put.set_key("key" + std::to_string(++puts_));
      put.set_value("value");
      Process* const leader = cluster_->Leader();
      if (leader == nullptr) continue;
      leader->Post([this, leader, bytes = put.SerializeAsString()] {
        leader->frontend().Propose(
            InternalRaftRequest::kPutFieldNumber, bytes,
            [this](const apply::Reply& reply) { acknowledged_ += reply.status.ok() ? 1 : 0; });
      });
      scheduler_.RunFor(milliseconds(20));
    }
    scheduler_.RunFor(seconds(1));
  }
  base::MemberId Follower() const {
    for (const base::MemberId id : cluster_->members()) {
      if (cluster_->process(id) != cluster_->Leader()) return id;
    }
    return base::MemberId();
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
    EXPECT_TRUE(checker_.violation().ok()) << checker_.violation().message();
  }

  Plan plan_;
  runtime::simulated::Scheduler scheduler_{GetParam()};
  Checker checker_;
  runtime::simulated::Wires wires_{&scheduler_};
  std::unique_ptr<Cluster> cluster_;
  int puts_ = 0;
  int64_t acknowledged_ = 0;
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

INSTANTIATE_TEST_SUITE_P(Seeds, LostLogTest, ::testing::Range(uint64_t{1}, uint64_t{7}));

}  // namespace
}  // namespace sim
