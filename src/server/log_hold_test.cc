#include "server/log_hold.h"

#include <gtest/gtest.h>

#include "raft/memory_log.h"

namespace server {
namespace {

using base::Index;
using base::MemberId;

constexpr MemberId kSelf(1);
constexpr MemberId kOther(2);
constexpr MemberId kThird(3);

// A leader of three: the third member has all that the leader has.
class LogHoldTest : public ::testing::Test {
 protected:
  void SetUp() override {
    node_.Campaign();
    Settle();
    ASSERT_NE(node_.AsLeader(), nullptr);
  }
  // Writes what the node asks for, and has the third member vote for it.
  void Settle() {
    while (node_.HasOutput()) {
      raft::Output output = node_.TakeOutput();
      log_.Append(output.entries);
      node_.OnPersisted(output.persisted);
      for (auto* messages : {&output.messages, &output.messages_after_persist}) {
        for (const raft::Message& message : *messages) {
          if (message.type != raft::MessageType::kVote) continue;
          Step(kThird, {.type = raft::MessageType::kVoteResp});
        }
      }
    }
  }
  void Step(MemberId from, raft::Message message) {
    message.from = from;
    message.to = kSelf;
    message.term = node_.term();
    ASSERT_TRUE(node_.Step(std::move(message)).ok());
  }
  void Propose(int count) {
    for (int i = 0; i < count; ++i) ASSERT_TRUE(node_.Propose(base::SharedBytes("x")).ok());
    Settle();
    Acknowledge(kThird, log_.LastIndex());
  }
  void Acknowledge(MemberId member, Index index) {
    Step(member, {.type = raft::MessageType::kAppResp, .index = index});
    Settle();
  }
  static raft::Config ConfigFor(const raft::MemoryLog* log) {
    raft::Config config;
    config.id = kSelf;
    config.election_ticks = 10;
    config.heartbeat_ticks = 1;
    config.inflight_messages_max = 16;
    config.conf_state.voters = {kSelf, kOther, kThird};
    config.log = log;
    return config;
  }

  raft::MemoryLog log_{{}};
  raft::Node node_{ConfigFor(&log_)};
  LogHold hold_;
  runtime::TimePoint now_{std::chrono::hours(1)};
};

TEST_F(LogHoldTest, HoldsWhatFollowsTheSnapshotWhileItTravels) {
  EXPECT_EQ(hold_.Limit(Index(100)), Index(100));
  Propose(100);
  hold_.Begin(kOther, Index(10));
  hold_.Update(node_, now_ + std::chrono::hours(1));
  EXPECT_EQ(hold_.Limit(Index(100)), Index(10));
  EXPECT_EQ(hold_.Limit(Index(5)), Index(5));
}

TEST_F(LogHoldTest, ASnapshotThatDidNotArriveHoldsNothing) {
  hold_.Begin(kOther, Index(10));
  hold_.Delivered(kOther, false, now_);
  EXPECT_TRUE(hold_.empty());
}

TEST_F(LogHoldTest, AdvancesWithTheFollowerUntilItHasAllThatIsCommitted) {
  Propose(100);
  hold_.Begin(kOther, Index(10));
  hold_.Delivered(kOther, true, now_);
  hold_.Update(node_, now_);
  EXPECT_EQ(hold_.Limit(Index(100)), Index(10));
  Acknowledge(kOther, Index(20));
  hold_.Update(node_, now_);
  EXPECT_EQ(hold_.Limit(Index(100)), Index(20));
  Acknowledge(kOther, log_.LastIndex());
  hold_.Update(node_, now_);
  EXPECT_TRUE(hold_.empty());
}

TEST_F(LogHoldTest, AFollowerThatStandsStillIsNotWaitedForForever) {
  Propose(100);
  hold_.Begin(kOther, Index(10));
  hold_.Delivered(kOther, true, now_);
  hold_.Update(node_, now_ + LogHold::kPatience - std::chrono::nanoseconds(1));
  EXPECT_FALSE(hold_.empty());
  hold_.Update(node_, now_ + LogHold::kPatience);
  EXPECT_TRUE(hold_.empty());
}

TEST_F(LogHoldTest, ThoseWhoDoNotLeadHoldNothing) {
  Propose(100);
  hold_.Begin(kOther, Index(10));
  raft::Message heartbeat{.type = raft::MessageType::kHeartbeat};
  heartbeat.from = kOther;
  heartbeat.to = kSelf;
  heartbeat.term = base::Term(node_.term().value() + 1);
  ASSERT_TRUE(node_.Step(std::move(heartbeat)).ok());
  hold_.Update(node_, now_);
  EXPECT_TRUE(hold_.empty());
}

TEST_F(LogHoldTest, ARemovedMemberHoldsNothing) {
  Propose(100);
  hold_.Begin(MemberId(4), Index(10));
  hold_.Update(node_, now_);
  EXPECT_TRUE(hold_.empty());
}

}  // namespace
}  // namespace server
