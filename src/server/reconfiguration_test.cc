#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/errors.h"
#include "proto/membership.pb.h"
#include "proto/raft_internal.pb.h"
#include "server/testing/agreeable_peers.h"
#include "server/testing/simulated_member.h"

namespace server {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

members::Member MemberOf(uint64_t id, bool is_learner) {
  return {.id = base::MemberId(id),
          .peer_urls = {"http://" + std::to_string(id) + ":2380"},
          .is_learner = is_learner,
          .name = {},
          .client_urls = {}};
}

// A leader of three.
class ReconfigurationTest : public ::testing::Test {
 protected:
  ReconfigurationTest() {
    member_.options.initial_cluster = {
        {"default", {"http://a:2380"}}, {"b", {"http://b:2380"}}, {"c", {"http://c:2380"}}};
    member_.transport = &peers_;
  }
  void SetUp() override {
    ASSERT_TRUE(member_.Start().ok());
    peers_.server = &member_.server();
    peers_.silent = false;
    ASSERT_TRUE(member_.RunUntil([this] { return member_.ready(); }));
  }
  // What becomes of one change.
  using Members = base::Result<std::vector<members::Member>>;
  struct Answer {
    std::shared_ptr<std::optional<Members>> members = std::make_shared<std::optional<Members>>();
    Reconfiguration::OnChanged Taker() const {
      return [members = members](Members answer) { *members = std::move(answer); };
    }
  };
  Members Await(const Answer& answer) {
    EXPECT_TRUE(member_.RunUntil([&] { return answer.members->has_value(); }));
    return **answer.members;
  }
  Reconfiguration& reconfiguration() { return member_.server().reconfiguration(); }
  Members Add(const members::Member& member) {
    const Answer answer;
    reconfiguration().Add(member, {}, answer.Taker());
    return Await(answer);
  }
  Members Remove(base::MemberId id) {
    const Answer answer;
    reconfiguration().Remove(id, {}, answer.Taker());
    return Await(answer);
  }
  Members Promote(base::MemberId id) {
    const Answer answer;
    reconfiguration().Promote(id, {}, answer.Taker());
    return Await(answer);
  }
  Members Update(base::MemberId id, const std::string& url) {
    const Answer answer;
    reconfiguration().UpdatePeerUrls(id, {url}, {}, answer.Taker());
    return Await(answer);
  }
  base::Status Move(base::MemberId target) {
    auto answer = std::make_shared<std::optional<base::Status>>();
    member_.server().MoveLeader(target, {}, [answer](const base::Status& s) { *answer = s; });
    EXPECT_TRUE(member_.RunUntil([&] { return answer->has_value(); }));
    return **answer;
  }

  base::MemberId self() { return member_.server().id(); }
  // The other members.
  std::vector<base::MemberId> Others() {
    std::vector<base::MemberId> others;
    for (const auto& member : member_.server().state()->view().Get()->members) {
      if (member.id != self()) others.push_back(member.id);
    }
    return others;
  }
  // Has a member tell its name, as those do that have started.
  void SetStarted(base::MemberId id) {
    membershippb::ClusterMemberAttrSetRequest request;
    request.set_member_id(id.value());
    request.mutable_member_attributes()->set_name("started");
    auto answered = std::make_shared<bool>(false);
    member_.net_loop().Post([=, this, bytes = request.SerializeAsString()] {
      member_.frontend().Propose(
          etcdserverpb::InternalRaftRequest::kClusterMemberAttrSetFieldNumber, bytes,
          [answered](const apply::Reply&) { *answered = true; });
    });
    ASSERT_TRUE(member_.RunUntil([&] { return *answered; }));
  }
  void SetConnected(base::MemberId id) { peers_.active_since[id] = Now(); }
  runtime::TimePoint Now() { return member_.net_loop().clock().Now(); }
  // All founders are connected, for long enough.
  void SettleAll() {
    for (const base::MemberId id : Others()) SetConnected(id);
    member_.RunFor(Reconfiguration::kHealthInterval + seconds(1));
  }

  AgreeablePeers peers_;
  SimulatedMember member_{1};
};

TEST_F(ReconfigurationTest, TheTransportIsToldWhoBelongsToTheClusterAtEachChange) {
  SettleAll();
  ASSERT_FALSE(peers_.told.empty());
  EXPECT_EQ(peers_.told.back().members.size(), 3u);
  EXPECT_TRUE(peers_.told.back().removed.empty());

  const members::Member added = MemberOf(7, true);
  ASSERT_TRUE(Add(added).ok());
  ASSERT_EQ(peers_.told.back().members.size(), 4u);
  EXPECT_EQ(peers_.told.back().members.front(), added);
  // Else its first message would have found nobody.
  EXPECT_TRUE(peers_.strangers.empty());

  ASSERT_TRUE(Remove(added.id).ok());
  EXPECT_EQ(peers_.told.back().members.size(), 3u);
  EXPECT_EQ(peers_.told.back().removed, std::vector<base::MemberId>{added.id});
}

TEST_F(ReconfigurationTest, TheTransportIsToldAtAStart) {
  member_.Crash();
  peers_.told.clear();
  peers_.server = nullptr;
  peers_.silent = true;  // as long as they would answer one that is gone
  ASSERT_TRUE(member_.Start().ok());
  member_.RunFor(seconds(1));
  ASSERT_FALSE(peers_.told.empty());
  EXPECT_EQ(peers_.told.back().members.size(), 3u);
}

TEST_F(ReconfigurationTest, AChangeIsAnsweredWithTheMembersAsItLeftThem) {
  SettleAll();
  const members::Member learner = MemberOf(7, true);
  const Answer added;
  reconfiguration().Add(learner, {}, added.Taker());
  const auto after_add = Await(added);
  ASSERT_TRUE(after_add.ok());
  ASSERT_EQ(after_add->size(), 4u);
  EXPECT_EQ(after_add->front(), learner);
  const base::MemberId moving = Others().back();
  const auto after_update = Update(moving, "http://moved:2380");
  ASSERT_TRUE(after_update.ok());
  for (const members::Member& member : *after_update) {
    EXPECT_EQ(member.peer_urls.front() == "http://moved:2380", member.id == moving);
  }
  EXPECT_EQ(Remove(learner.id)->size(), 3u);
}

TEST_F(ReconfigurationTest, WhatTheLogRefusesIsAnsweredWithEtcdsError) {
  SettleAll();
  EXPECT_EQ(Remove(base::MemberId(99)).status(), base::errors::kMemberNotFound);
  EXPECT_EQ(Update(base::MemberId(99), "http://x:1").status(), base::errors::kMemberNotFound);
  EXPECT_EQ(Update(Others()[0], "http://a:2380").status(), base::errors::kPeerUrlExists);
  members::Member same_url = MemberOf(7, true);
  same_url.peer_urls = {"http://a:2380"};
  EXPECT_EQ(Add(same_url).status(), base::errors::kPeerUrlExists);
  ASSERT_TRUE(Add(MemberOf(7, true)).ok());
  EXPECT_EQ(Add(MemberOf(7, true)).status(), base::errors::kMemberExists);
  EXPECT_EQ(Add(MemberOf(8, true)).status(), base::errors::kTooManyLearners);
  ASSERT_TRUE(Remove(base::MemberId(7)).ok());
  EXPECT_EQ(Remove(base::MemberId(7)).status(), base::errors::kMemberNotFound);
  EXPECT_EQ(Add(MemberOf(7, true)).status(), base::errors::kMemberNotFound);
}

// Founders are told with their names, and so count as started.
TEST_F(ReconfigurationTest, AVoterIsAddedOnlyWhileEnoughHaveStarted) {
  SettleAll();
  ASSERT_TRUE(Add(MemberOf(7, false)).ok());
  ASSERT_TRUE(Add(MemberOf(8, false)).ok());
  // Three of six.
  EXPECT_EQ(Add(MemberOf(9, false)).status(), base::errors::kNotEnoughStartedMembers);
  SetStarted(base::MemberId(7));
  SetConnected(base::MemberId(7));
  member_.RunFor(Reconfiguration::kHealthInterval + seconds(1));
  EXPECT_TRUE(Add(MemberOf(9, false)).ok());
}

TEST_F(ReconfigurationTest, AMemberIsAddedOnlyWhileAQuorumWithItIsConnected) {
  SetConnected(Others()[0]);
  member_.RunFor(Reconfiguration::kHealthInterval + seconds(1));
  EXPECT_EQ(Add(MemberOf(7, false)).status(), base::errors::kUnhealthy);
  EXPECT_EQ(Add(MemberOf(7, true)).status(), base::errors::kUnhealthy);
  SetConnected(Others()[1]);
  EXPECT_EQ(Add(MemberOf(7, true)).status(), base::errors::kUnhealthy);  // not for long enough
  member_.RunFor(Reconfiguration::kHealthInterval + seconds(1));
  EXPECT_TRUE(Add(MemberOf(7, true)).ok());
}

TEST_F(ReconfigurationTest, AVoterIsRemovedOnlyWhileEnoughOthersHaveStarted) {
  SettleAll();
  ASSERT_TRUE(Add(MemberOf(7, false)).ok());
  ASSERT_TRUE(Add(MemberOf(8, false)).ok());
  // Two of four.
  EXPECT_EQ(Remove(Others()[2]).status(), base::errors::kNotEnoughStartedMembers);
  EXPECT_TRUE(Remove(base::MemberId(7)).ok());
}

TEST_F(ReconfigurationTest, AConnectedVoterIsRemovedOnlyFromAClusterThatCanDoWithoutIt) {
  SetConnected(Others()[0]);
  member_.RunFor(Reconfiguration::kHealthInterval + seconds(1));
  // With it a quorum is connected, without it not.
  EXPECT_EQ(Remove(Others()[0]).status(), base::errors::kUnhealthy);
  EXPECT_EQ(Remove(self()).status(), base::errors::kUnhealthy);
  // This one is no part of the quorum that there is.
  EXPECT_TRUE(Remove(Others()[1]).ok());
}

TEST_F(ReconfigurationTest, WithoutTheStrictCheckNothingOfThatIsAsked) {
  member_.Crash();
  member_.options.strict_reconfig_check = false;
  ASSERT_TRUE(member_.Start().ok());
  peers_.server = &member_.server();
  ASSERT_TRUE(member_.RunUntil([this] { return member_.ready(); }));
  EXPECT_TRUE(Add(MemberOf(7, false)).ok());
  EXPECT_TRUE(Remove(Others()[0]).ok());
}

TEST_F(ReconfigurationTest, ALearnerIsPromotedOnceItsLogIsNearTheLeaders) {
  SettleAll();
  peers_.mute.insert(base::MemberId(7));
  ASSERT_TRUE(Add(MemberOf(7, true)).ok());
  EXPECT_EQ(Promote(base::MemberId(7)).status(), base::errors::kLearnerNotReady);
  peers_.mute.clear();
  member_.RunFor(seconds(2));
  const auto promoted = Promote(base::MemberId(7));
  ASSERT_TRUE(promoted.ok());
  ASSERT_EQ(promoted->size(), 4u);
  EXPECT_FALSE(promoted->front().is_learner);
  EXPECT_EQ(Promote(base::MemberId(7)).status(), base::errors::kMemberNotLearner);
  EXPECT_EQ(Promote(base::MemberId(99)).status(), base::errors::kMemberNotFound);
  const std::string metrics = member_.Metrics();
  EXPECT_NE(metrics.find("etcd_server_learner_promote_successes 1\n"), std::string::npos);
  EXPECT_NE(metrics.find("etcd_server_learner_promote_failures{Reason=\"etcdserver: can only "
                         "promote a learner member which is in sync with leader\"} 1\n"),
            std::string::npos);
}

TEST_F(ReconfigurationTest, LeadershipMovesToAVoterThatIsThere) {
  SettleAll();
  ASSERT_TRUE(Add(MemberOf(7, true)).ok());
  EXPECT_EQ(Move(base::MemberId(7)), base::errors::kBadLeaderTransferee);
  EXPECT_EQ(Move(base::MemberId(99)), base::errors::kBadLeaderTransferee);
  EXPECT_TRUE(Move(self()).ok());
  // These peers never campaign.
  EXPECT_EQ(Move(Others().back()), base::errors::kLeaderTransferTimeout);
}

// It may have told its operator that it is ready before the leader has heard from it.
TEST_F(ReconfigurationTest, ALearnerThatLacksLittleIsWaitedForBeforeItIsPromoted) {
  SettleAll();
  ASSERT_TRUE(Add(MemberOf(7, true)).ok());
  member_.RunFor(seconds(2));
  peers_.mute.insert(base::MemberId(7));
  ASSERT_TRUE(Update(Others()[0], "http://moved:2380").ok());
  const Answer answer;
  reconfiguration().Promote(base::MemberId(7), {}, answer.Taker());
  member_.RunFor(milliseconds(300));
  EXPECT_FALSE(answer.members->has_value());
  peers_.mute.clear();
  EXPECT_TRUE(Await(answer).ok());
}

TEST_F(ReconfigurationTest, AFollowerMovesNoLeadershipAndAsksTheLeaderToPromote) {
  SettleAll();
  const base::MemberId leader = Others()[0];
  peers_.silent = true;
  ASSERT_TRUE(member_.server().Step({.type = raft::MessageType::kHeartbeat,
                                     .to = self(),
                                     .from = leader,
                                     .term = base::Term(member_.server().progress().term + 1)}));
  ASSERT_TRUE(
      member_.RunUntil([&] { return member_.server().progress().leader == leader.value(); }));
  EXPECT_EQ(Move(Others()[1]), base::errors::kNotLeader);

  const Answer answer;
  reconfiguration().Promote(base::MemberId(7), {}, answer.Taker());
  ASSERT_TRUE(member_.RunUntil([this] { return !peers_.promotions.empty(); }));
  EXPECT_EQ(peers_.promotions[0].leader, leader);
  EXPECT_EQ(peers_.promotions[0].learner, base::MemberId(7));
  // The leader could not be reached: it, or the next one, is asked again.
  std::exchange(peers_.promotions, {})[0].on_promoted(base::Status(base::errors::kUnhealthy));
  ASSERT_TRUE(member_.RunUntil([&] { return !peers_.promotions.empty(); }));
  EXPECT_FALSE(answer.members->has_value());
  std::exchange(peers_.promotions, {})[0].on_promoted(base::Status(base::errors::kLearnerNotReady));
  EXPECT_EQ(Await(answer).status(), base::errors::kLearnerNotReady);
}

TEST_F(ReconfigurationTest, APromotionWithoutALeaderEndsInTime) {
  peers_.silent = true;
  ASSERT_TRUE(member_.RunUntil([&] { return member_.server().progress().leader == 0; }));
  const runtime::TimePoint start = Now();
  EXPECT_EQ(Promote(base::MemberId(7)).status(), base::errors::kNoLeader);
  EXPECT_LE(Now() - start, member_.options.request_timeout() + seconds(1));
}

// These peers do not take over: then the leader decides on its own removal.
TEST_F(ReconfigurationTest, ALeaderThatIsToBeRemovedHandsItsPartOverFirst) {
  SettleAll();
  const runtime::TimePoint start = Now();
  ASSERT_TRUE(Remove(self()).ok());
  EXPECT_EQ(peers_.asked_to_campaign.size(), 1u);
  EXPECT_LE(Now() - start, member_.options.election_timeout + milliseconds(500));
}

TEST_F(ReconfigurationTest, WhoIsNotToBeRemovedLeadsOn) {
  SettleAll();
  for (const base::MemberId id : Others()) SetStarted(id);
  ASSERT_TRUE(Remove(Others()[0]).ok());
  EXPECT_TRUE(peers_.asked_to_campaign.empty());
}

// An entry that raft has emptied would leave who waits for it without an answer.
TEST_F(ReconfigurationTest, AChangeWaitsUntilTheOneBeforeIsApplied) {
  SettleAll();
  std::vector<Answer> answers(4);
  for (size_t i = 0; i < answers.size(); ++i) {
    const std::vector<std::string> urls = {"http://moved:" + std::to_string(2380 + i)};
    reconfiguration().UpdatePeerUrls(Others()[0], urls, {}, answers[i].Taker());
  }
  for (const Answer& answer : answers) EXPECT_TRUE(Await(answer).ok());
}

TEST_F(ReconfigurationTest, AMemberThatWasRemovedTellsItsOwnerAMomentLater) {
  SettleAll();
  ASSERT_TRUE(Remove(self()).ok());
  EXPECT_EQ(member_.removals(), 0u);
  member_.RunFor(seconds(2));
  EXPECT_EQ(member_.removals(), 1u);
}

TEST_F(ReconfigurationTest, AMemberThatStopsHandsLeadershipToTheOneConnectedLongest) {
  SettleAll();
  peers_.active_since[Others()[1]] -= seconds(1);
  const auto sent = [this] {
    return std::find(peers_.asked_to_campaign.begin(), peers_.asked_to_campaign.end(),
                     Others()[1]) != peers_.asked_to_campaign.end();
  };
  bool stopped = false;
  member_.server().Stop([&stopped] { stopped = true; });
  ASSERT_TRUE(member_.RunUntil(sent));
  EXPECT_EQ(peers_.asked_to_campaign.size(), 1u);
  EXPECT_FALSE(stopped);
  // It does not take over; that holds nobody up.
  const runtime::TimePoint start = Now();
  ASSERT_TRUE(member_.RunUntil([&] { return stopped; }));
  EXPECT_LE(Now() - start, member_.options.election_timeout + milliseconds(500));
}

}  // namespace
}  // namespace server
