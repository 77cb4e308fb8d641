#include "server/replacing.h"

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "server/testing/agreeable_peers.h"
#include "server/testing/simulated_member.h"

namespace server {
namespace {

using std::chrono::seconds;

// A leader of three, one of whom has lost its log.
class ReplacingTest : public ::testing::Test {
 protected:
  ReplacingTest() {
    member_.options.initial_cluster = {
        {"default", {"http://a:2380"}}, {"b", {"http://b:2380"}}, {"c", {"http://c:2380"}}};
    member_.transport = &peers_;
  }
  void SetUp() override {
    Start();
    lost_ = Other(0);
    Connect(Other(1).id);
    asked_ = NewReplacement(lost_, member_.server().cluster(), {.unix_nanos = 1});
  }
  void Start() {
    ASSERT_TRUE(member_.Start().ok());
    peers_.server = &member_.server();
    peers_.silent = false;
    ASSERT_TRUE(member_.RunUntil([this] { return member_.ready(); }));
  }
  // For long enough.
  void Connect(base::MemberId id) {
    peers_.active_since[id] = member_.net_loop().clock().Now();
    member_.RunFor(Reconfiguration::kHealthInterval + seconds(1));
  }
  std::vector<members::Member> Members() { return member_.server().state()->view().Get()->members; }
  members::Member Other(size_t number) {
    std::vector<members::Member> members = Members();
    std::erase_if(members, [this](const auto& each) { return each.id == member_.server().id(); });
    return members.at(number);
  }
  using Answer = std::shared_ptr<std::optional<base::Result<std::vector<members::Member>>>>;
  Answer Ask(const Replacement& replacement) {
    auto answer = std::make_shared<std::optional<base::Result<std::vector<members::Member>>>>();
    member_.server().replacing().Replace(replacement, {},
                                         [answer](const auto& members) { *answer = members; });
    return answer;
  }
  base::Result<std::vector<members::Member>> Replace(const Replacement& replacement) {
    const Answer answer = Ask(replacement);
    EXPECT_TRUE(member_.RunUntil([&] { return answer->has_value(); }));
    return **answer;
  }
  base::Code Refused(const Replacement& replacement) {
    return Replace(replacement).status().code();
  }
  std::optional<members::Member> Find(base::MemberId id) {
    for (const members::Member& member : Members()) {
      if (member.id == id) return member;
    }
    return std::nullopt;
  }
  // By an operator.
  void Remove(base::MemberId id) {
    bool removed = false;
    member_.server().reconfiguration().Remove(id, {},
                                              [&](const auto& members) { removed = members.ok(); });
    ASSERT_TRUE(member_.RunUntil([&] { return removed; }));
  }

  AgreeablePeers peers_;
  SimulatedMember member_{1};
  members::Member lost_;
  Replacement asked_;
};

TEST_F(ReplacingTest, TheMemberGoesAndALearnerTakesItsPlace) {
  const auto members = Replace(asked_);
  ASSERT_TRUE(members.ok()) << members.status().message();
  EXPECT_EQ(members->size(), 3u);
  EXPECT_FALSE(Find(lost_.id).has_value());
  const auto successor = Find(asked_.successor);
  ASSERT_TRUE(successor.has_value());
  EXPECT_TRUE(successor->is_learner);
  EXPECT_EQ(successor->peer_urls, lost_.peer_urls);
  EXPECT_EQ(successor->name, "") << "it has not started";
}

TEST_F(ReplacingTest, AskingAgainFindsTheSameSuccessor) {
  const Answer first = Ask(asked_);
  const Answer second = Ask(asked_);
  ASSERT_TRUE(member_.RunUntil([&] { return first->has_value() && second->has_value(); }));
  EXPECT_TRUE((*first)->ok());
  EXPECT_TRUE((*second)->ok());
  EXPECT_EQ(Replace(asked_)->size(), 3u);
}

// As another leader finds it that was elected in between.
TEST_F(ReplacingTest, WhatWasBegunIsGoneOnWithAlsoAfterAStart) {
  bool removed = false;
  member_.server().reconfiguration().RemoveFor(
      asked_.successor, lost_.id, {}, [&](const auto& members) { removed = members.ok(); });
  ASSERT_TRUE(member_.RunUntil([&] { return removed; }));
  member_.Crash();
  peers_.silent = true;  // as long as they would answer one that is gone
  Start();
  Connect(Other(0).id);
  Replacement another = asked_;
  another.successor = base::MemberId(99);
  EXPECT_EQ(Refused(another), base::Code::kFailedPrecondition);
  EXPECT_TRUE(Replace(asked_).ok());
  EXPECT_TRUE(Find(asked_.successor).has_value());
}

TEST_F(ReplacingTest, AMemberThatOperatorsRemovedStaysRemoved) {
  Remove(lost_.id);
  const auto refused = Replace(asked_);
  EXPECT_EQ(refused.status().code(), base::Code::kFailedPrecondition);
  EXPECT_NE(refused.status().message().find("was removed from the cluster by somebody else"),
            std::string_view::npos);
}

TEST_F(ReplacingTest, SoDoesASuccessor) {
  ASSERT_TRUE(Replace(asked_).ok());
  Remove(asked_.successor);
  EXPECT_EQ(Refused(asked_), base::Code::kFailedPrecondition);
}

TEST_F(ReplacingTest, WhatIsNoneOfItsOwnIsRefusedForGood) {
  Replacement of_others = asked_;
  of_others.cluster = base::ClusterId(1);
  EXPECT_EQ(Refused(of_others), base::Code::kFailedPrecondition);
  Replacement moved = asked_;
  moved.peer_urls = {"http://x:2380"};
  EXPECT_EQ(Refused(moved), base::Code::kFailedPrecondition);
  Replacement stranger = asked_;
  stranger.member = base::MemberId(99);
  EXPECT_EQ(Refused(stranger), base::Code::kFailedPrecondition);
  Replacement taken = asked_;
  taken.successor = Other(1).id;
  EXPECT_EQ(Refused(taken), base::Code::kFailedPrecondition);
  EXPECT_TRUE(Find(lost_.id).has_value()) << "nothing was changed";
}

TEST_F(ReplacingTest, AMemberThatIsConnectedIsNotReplaced) {
  peers_.active_since[lost_.id] = member_.net_loop().clock().Now();
  EXPECT_EQ(Refused(asked_), base::Code::kUnavailable);
  Replacement of_leader = asked_;
  of_leader.member = member_.server().id();
  of_leader.peer_urls = {"http://a:2380"};
  EXPECT_EQ(Refused(of_leader), base::Code::kUnavailable);
  EXPECT_EQ(Members().size(), 3u);
}

TEST_F(ReplacingTest, ItTakesAMajorityThatHasBeenConnectedForLong) {
  peers_.active_since.clear();
  EXPECT_EQ(Refused(asked_), base::Code::kUnavailable);
  peers_.active_since[Other(1).id] = member_.net_loop().clock().Now();
  EXPECT_EQ(Refused(asked_), base::Code::kUnavailable);
  EXPECT_EQ(Members().size(), 3u);
  member_.RunFor(Reconfiguration::kHealthInterval + seconds(1));
  EXPECT_TRUE(Replace(asked_).ok());
}

TEST_F(ReplacingTest, NobodyIsRemovedWhoseSuccessorCouldNotBeAdded) {
  Connect(lost_.id);
  bool added = false;
  member_.server().reconfiguration().Add({.id = base::MemberId(7),
                                          .peer_urls = {"http://7:2380"},
                                          .is_learner = true,
                                          .name = {},
                                          .client_urls = {}},
                                         {}, [&](const auto& members) { added = members.ok(); });
  ASSERT_TRUE(member_.RunUntil([&] { return added; }));
  peers_.active_since.erase(lost_.id);
  EXPECT_EQ(Replace(asked_).status().message(),
            "there is no place for another learner, see --max-learners");
  EXPECT_TRUE(Find(lost_.id).has_value());
}

TEST_F(ReplacingTest, WhoDoesNotLeadNamesTheOneWhoDoes) {
  peers_.silent = true;
  ASSERT_TRUE(member_.server().Step({.type = raft::MessageType::kHeartbeat,
                                     .to = member_.server().id(),
                                     .from = Other(1).id,
                                     .term = base::Term(member_.server().progress().term + 1)}));
  ASSERT_TRUE(member_.RunUntil(
      [this] { return member_.server().progress().leader == Other(1).id.value(); }));
  const auto refused = Replace(asked_);
  EXPECT_EQ(refused.status().code(), base::Code::kUnavailable);
  EXPECT_EQ(refused.status().message(),
            "not the leader, which is " + members::HexText(Other(1).id.value()));
}

}  // namespace
}  // namespace server
