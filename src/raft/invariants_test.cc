#include "raft/invariants.h"

#include <gtest/gtest.h>

#include "raft/testing/lone_node.h"

namespace raft {
namespace {

using testing::LoneNode;

const NodeSummary kBefore{.term = Term(3),
                          .vote = MemberId(2),
                          .committed = Index(5),
                          .applied = Index(4),
                          .last = Index(9),
                          .role = Role::kLeader};

TEST(TransitionTest, WhatIsAllowed) {
  EXPECT_TRUE(CheckTransition(kBefore, kBefore).ok());
  NodeSummary after = kBefore;
  after.term = Term(4);
  after.vote = MemberId(1);
  after.last = Index(6);
  after.role = Role::kFollower;
  EXPECT_TRUE(CheckTransition(kBefore, after).ok());
}

TEST(TransitionTest, NothingPromisedIsTakenBack) {
  NodeSummary after = kBefore;
  after.term = Term(2);
  EXPECT_FALSE(CheckTransition(kBefore, after).ok());
  after = kBefore;
  after.vote = MemberId(3);
  EXPECT_EQ(CheckTransition(kBefore, after).message(), "raft invariant: vote 2 -> 3 in term 3");
  after = kBefore;
  after.committed = Index(4);
  EXPECT_FALSE(CheckTransition(kBefore, after).ok());
  after = kBefore;
  after.applied = Index(3);
  EXPECT_FALSE(CheckTransition(kBefore, after).ok());
  after = kBefore;
  after.last = Index(8);
  EXPECT_FALSE(CheckTransition(kBefore, after).ok());
}

TEST(TransitionTest, ARestartKeepsWhatWasSaved) {
  const HardState saved{Term(3), MemberId(2), Index(5)};
  EXPECT_TRUE(CheckRestart(saved, kBefore).ok());
  NodeSummary forgot = kBefore;
  forgot.vote = kNobody;
  EXPECT_FALSE(CheckRestart(saved, forgot).ok());
}

Entry At(uint64_t index, uint64_t term, std::string_view data = "") {
  return {.term = Term(term), .index = Index(index), .data = base::SharedBytes(data)};
}

// A node that has committed `entries`.
std::unique_ptr<LoneNode> Committed(std::vector<Entry> entries) {
  Config config;
  config.hard_state = {entries.back().term, kNobody, entries.back().index};
  return std::make_unique<LoneNode>(3, config, std::move(entries));
}

TEST(ClusterInvariantsTest, TwoNodesMayNotCommitDifferentEntries) {
  ClusterInvariants cluster;
  EXPECT_TRUE(cluster.Check(Committed({At(1, 1), At(2, 1, "a")})->node()).ok());
  EXPECT_EQ(cluster.committed_entries(), 2u);
  cluster.Restart(MemberId(1));
  EXPECT_TRUE(cluster.Check(Committed({At(1, 1), At(2, 1, "a"), At(3, 1)})->node()).ok());
  EXPECT_EQ(cluster.committed_entries(), 3u);
  cluster.Restart(MemberId(1));
  EXPECT_FALSE(cluster.Check(Committed({At(1, 1), At(2, 1, "b")})->node()).ok());
  cluster.Restart(MemberId(1));
  EXPECT_FALSE(cluster.Check(Committed({At(1, 1), At(2, 2, "a")})->node()).ok());
}

TEST(ClusterInvariantsTest, ALeaderMustHoldWhatWasCommittedBefore) {
  ClusterInvariants cluster;
  ASSERT_TRUE(cluster.Check(Committed({At(1, 1), At(2, 1)})->node()).ok());
  LoneNode lacks(3, {.hard_state = {Term(5), kNobody, Index(0)}}, {At(1, 1)});
  lacks.Elect();
  ASSERT_EQ(lacks.node().role(), Role::kLeader);
  const base::Status status = cluster.Check(lacks.node());
  EXPECT_EQ(status.message(),
            "raft invariant: leader completeness: 1 leads term 6 without committed entry 2");
}

TEST(ClusterInvariantsTest, LogsThatAgreeOnAnEntryMustAgreeBeforeIt) {
  const auto a = Committed({At(1, 1), At(2, 1, "a"), At(3, 2)});
  const auto same = Committed({At(1, 1), At(2, 1, "a"), At(3, 3)});
  const auto other = Committed({At(1, 1), At(2, 1, "b"), At(3, 2)});
  EXPECT_TRUE(ClusterInvariants::CheckLogMatching(a->node(), same->node()).ok());
  EXPECT_FALSE(ClusterInvariants::CheckLogMatching(a->node(), other->node()).ok());
}

TEST(ClusterInvariantsTest, EntriesAreAppliedOnceInOrderAndOnlyIfCommitted) {
  ClusterInvariants cluster;
  ASSERT_TRUE(cluster.Check(Committed({At(1, 1), At(2, 1), At(3, 1)})->node()).ok());
  const std::vector<Entry> one{At(1, 1)};
  const std::vector<Entry> three{At(3, 1)};
  const std::vector<Entry> foreign{At(2, 2)};
  EXPECT_TRUE(cluster.CheckApplied(MemberId(2), one).ok());
  EXPECT_FALSE(cluster.CheckApplied(MemberId(2), three).ok());
  EXPECT_FALSE(cluster.CheckApplied(MemberId(2), one).ok());
  EXPECT_FALSE(cluster.CheckApplied(MemberId(2), foreign).ok());
  cluster.RestartApplied(MemberId(2), Index(2));
  EXPECT_TRUE(cluster.CheckApplied(MemberId(2), three).ok());
}

}  // namespace
}  // namespace raft
