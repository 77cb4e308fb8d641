#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "raft/testing/lone_node.h"

// A node whose state machine is lost, and whose log is whole: Node::AwaitSnapshot.

namespace raft {
namespace {

using testing::LoneNode;

Entry At(uint64_t index, uint64_t term) {
  return {.term = Term(term), .index = Index(index)};
}

Message FromLeader(MessageType type) {
  return {.type = type, .from = MemberId(2), .term = Term(4)};
}

Message Append(EntryId previous, std::vector<Entry> entries) {
  Message message = FromLeader(MessageType::kApp);
  message.log_term = previous.term;
  message.index = previous.index;
  message.commit = Index(9);
  message.entries = std::move(entries);
  return message;
}

Message SnapshotAt(uint64_t index, uint64_t term) {
  Message message = FromLeader(MessageType::kSnap);
  Snapshot snapshot;
  snapshot.index = Index(index);
  snapshot.term = Term(term);
  snapshot.conf_state = {.voters = {MemberId(1), MemberId(2), MemberId(3)}};
  message.snapshot = std::make_shared<const Snapshot>(std::move(snapshot));
  return message;
}

// Has voted in term 4, and holds three entries, of which two are committed.
class AwaitSnapshotTest : public ::testing::Test {
 protected:
  static Config Waiting() {
    Config config;
    config.hard_state = {Term(4), MemberId(2), Index(2)};
    config.awaits_snapshot = true;
    return config;
  }

  LoneNode lone_{3, Waiting(), {At(1, 1), At(2, 4), At(3, 4)}};
  Node& node_ = lone_.node();
};

TEST_F(AwaitSnapshotTest, NothingIsHandedOutAndNobodyIsAskedForVotes) {
  for (int ticks = 0; ticks < 100; ++ticks) node_.Tick();
  node_.Campaign();
  ASSERT_TRUE(lone_.Step(FromLeader(MessageType::kTimeoutNow)).ok());
  EXPECT_EQ(node_.role(), Role::kFollower);
  EXPECT_TRUE(lone_.Sent().empty());
  EXPECT_TRUE(lone_.applied().empty());
}

TEST_F(AwaitSnapshotTest, VotesAreByTheLogAsItIs) {
  Message request{.type = MessageType::kVote, .from = MemberId(3), .term = Term(5)};
  request.log_term = Term(4);
  request.index = Index(2);
  ASSERT_TRUE(lone_.Step(request).ok());
  EXPECT_TRUE(lone_.Sent().at(0).reject) << "a shorter log";
  request.term = Term(6);
  request.index = Index(3);
  ASSERT_TRUE(lone_.Step(request).ok());
  EXPECT_FALSE(lone_.Sent().at(0).reject);
}

TEST_F(AwaitSnapshotTest, ASnapshotIsAskedForInAnswersToHeartbeats) {
  ASSERT_TRUE(lone_.Step(FromLeader(MessageType::kHeartbeat)).ok());
  EXPECT_TRUE(lone_.Sent().at(0).wants_snapshot);
  ASSERT_TRUE(lone_.Step(SnapshotAt(3, 4)).ok());
  lone_.Sent();
  ASSERT_TRUE(lone_.Step(FromLeader(MessageType::kHeartbeat)).ok());
  EXPECT_FALSE(lone_.Sent().at(0).wants_snapshot);
}

TEST_F(AwaitSnapshotTest, OnlyWhatTheLogHasIsAcknowledged) {
  ASSERT_TRUE(lone_.Step(Append({Term(4), Index(3)}, {At(4, 4)})).ok());
  const std::vector<Message> sent = lone_.Sent();
  ASSERT_EQ(sent.size(), 1u);
  EXPECT_FALSE(sent[0].reject);
  EXPECT_EQ(sent[0].index, Index(3));
  EXPECT_EQ(node_.log().LastIndex(), Index(3));
  ASSERT_TRUE(lone_.Step(Append({Term(4), Index(7)}, {At(8, 4)})).ok());
  EXPECT_TRUE(lone_.Sent().at(0).reject);
}

TEST_F(AwaitSnapshotTest, ASnapshotThatTheLogReachesLeavesItAlone) {
  ASSERT_TRUE(lone_.Step(SnapshotAt(2, 4)).ok());
  EXPECT_EQ(lone_.Sent().at(0).index, Index(2));
  EXPECT_FALSE(node_.awaits_snapshot());
  EXPECT_EQ(node_.log().applied(), Index(2));
  EXPECT_EQ(node_.log().LastIndex(), Index(3));
  Message heartbeat = FromLeader(MessageType::kHeartbeat);
  heartbeat.commit = Index(3);
  ASSERT_TRUE(lone_.Step(heartbeat).ok());
  lone_.Sent();
  EXPECT_EQ(node_.log().committed(), Index(3));
}

TEST_F(AwaitSnapshotTest, OneOfAnotherEntryThanTheLogHasIsNotTaken) {
  ASSERT_TRUE(lone_.Step(SnapshotAt(2, 3)).ok());
  EXPECT_TRUE(node_.awaits_snapshot());
}

TEST_F(AwaitSnapshotTest, ALaterOneReplacesTheLog) {
  ASSERT_TRUE(lone_.Step(SnapshotAt(8, 4)).ok());
  lone_.Sent();
  EXPECT_FALSE(node_.awaits_snapshot());
  EXPECT_EQ(node_.log().FirstIndex(), Index(9));
  EXPECT_EQ(node_.log().applied(), Index(8));
}

TEST_F(AwaitSnapshotTest, ALeaderThatLosesItsStateStepsDown) {
  LoneNode leader(3);
  leader.Elect();
  leader.Sent();
  leader.node().AwaitSnapshot();
  EXPECT_EQ(leader.node().role(), Role::kFollower);
  EXPECT_EQ(leader.node().leader(), kNobody);
}

TEST_F(AwaitSnapshotTest, ALeaderSendsWhoAsksASnapshotUntilItHasArrived) {
  LoneNode leader(3);
  leader.Elect();
  leader.Sent();
  const Term term = leader.node().term();
  ASSERT_TRUE(
      leader
          .Step(
              {.type = MessageType::kAppResp, .from = MemberId(2), .term = term, .index = Index(1)})
          .ok());
  leader.Sent();
  Message answer{.type = MessageType::kHeartbeatResp, .from = MemberId(2), .term = term};
  answer.wants_snapshot = true;
  Snapshot snapshot;
  snapshot.index = Index(1);
  snapshot.term = term;
  leader.SetSnapshot(std::make_shared<const Snapshot>(std::move(snapshot)));
  for (const bool delivered : {false, true}) {
    ASSERT_TRUE(leader.Step(answer).ok());
    ASSERT_EQ(leader.Sent().at(0).type, MessageType::kSnap);
    ASSERT_TRUE(leader.Step(answer).ok());
    EXPECT_TRUE(leader.Sent().empty()) << "it is on its way";
    leader.node().ReportSnapshot(MemberId(2), delivered);
    leader.Sent();
  }
}

// Its log is longer than what the leader has a snapshot of.
TEST_F(AwaitSnapshotTest, ASnapshotBelowTheMatchTakesNothingBack) {
  LoneNode leader(3);
  leader.Elect();
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(leader.node().Propose(base::SharedBytes("x")).ok());
  leader.Sent();
  const Term term = leader.node().term();
  Message ack{.type = MessageType::kAppResp, .from = MemberId(2), .term = term};
  ack.index = Index(4);
  ASSERT_TRUE(leader.Step(ack).ok());
  Snapshot snapshot;
  snapshot.index = Index(2);
  snapshot.term = term;
  leader.SetSnapshot(std::make_shared<const Snapshot>(std::move(snapshot)));
  Message answer{.type = MessageType::kHeartbeatResp, .from = MemberId(2), .term = term};
  answer.wants_snapshot = true;
  ASSERT_TRUE(leader.Step(answer).ok());
  const Progress& progress = leader.node().AsLeader()->progress.at(MemberId(2));
  EXPECT_EQ(progress.state(), ProgressState::kSnapshot);
  EXPECT_EQ(progress.next(), progress.match() + 1);
}

}  // namespace
}  // namespace raft
