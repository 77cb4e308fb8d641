#include "raft/confchange.h"

#include <gtest/gtest.h>

#include "raft/testing/printer.h"
#include "raft/testing/random_values.h"

namespace raft {
namespace {

using testing::Below;
using testing::Generator;

std::vector<ConfChangeSingle> AnyChanges(Generator& generator) {
  std::vector<ConfChangeSingle> changes(1 + Below(generator, 4));
  for (ConfChangeSingle& change : changes) {
    change = {static_cast<ConfChangeType>(Below(generator, 4)), MemberId(Below(generator, 7))};
  }
  return changes;
}

Membership Start() {
  Membership membership;
  membership.voters.incoming = {MemberId(1), MemberId(2), MemberId(3)};
  return membership;
}

// What a member is to become by `changes`: the last one that names it decides.
Membership SlowTarget(Membership target, const std::vector<ConfChangeSingle>& changes) {
  for (const ConfChangeSingle& change : changes) {
    if (change.node_id == kNobody || change.type == ConfChangeType::kUpdateNode) continue;
    target.voters.incoming.Erase(change.node_id);
    target.learners.Erase(change.node_id);
    if (change.type == ConfChangeType::kAddNode) target.voters.incoming.Insert(change.node_id);
    if (change.type == ConfChangeType::kAddLearnerNode) target.learners.Insert(change.node_id);
  }
  return target;
}

TEST(ConfChangeTest, EnteringAndLeavingAJointConfigurationReachesTheTarget) {
  for (uint64_t seed = 1; seed <= 3000; ++seed) {
    Generator generator(seed);
    Membership membership = Start();
    for (int step = 0; step < 10; ++step) {
      const std::vector<ConfChangeSingle> changes = AnyChanges(generator);
      const Membership target = SlowTarget(membership, changes);
      const auto joint = EnterJoint(membership, true, changes);
      ASSERT_EQ(joint.ok(), !target.voters.incoming.empty()) << "seed " << seed;
      if (!joint.ok()) continue;
      EXPECT_EQ(joint->voters.outgoing, membership.voters.incoming) << "seed " << seed;
      EXPECT_EQ(joint->voters.incoming, target.voters.incoming) << "seed " << seed;
      ASSERT_TRUE(joint->Check().ok()) << "seed " << seed;
      const auto left = LeaveJoint(*joint);
      ASSERT_TRUE(left.ok()) << "seed " << seed;
      EXPECT_EQ(*left, target) << "seed " << seed << ": " << testing::Print(*left);
      membership = *left;
    }
  }
}

TEST(ConfChangeTest, ASimpleChangeOfOneVoterNeedsNoJointConfiguration) {
  for (uint64_t seed = 1; seed <= 2000; ++seed) {
    Generator generator(seed);
    Membership membership = Start();
    for (int step = 0; step < 10; ++step) {
      std::vector<ConfChangeSingle> changes = AnyChanges(generator);
      changes.resize(1);
      const auto next = SimpleChange(membership, changes);
      const Membership target = SlowTarget(membership, changes);
      ASSERT_EQ(next.ok(), !target.voters.incoming.empty()) << "seed " << seed;
      if (!next.ok()) continue;
      EXPECT_EQ(*next, target) << "seed " << seed;
      membership = *next;
    }
  }
}

TEST(ConfChangeTest, AConfStateRestoresTheConfigurationThatItWasTakenFrom) {
  for (uint64_t seed = 1; seed <= 1000; ++seed) {
    Generator generator(seed);
    const auto joint = EnterJoint(Start(), Below(generator, 2) == 1, AnyChanges(generator));
    if (!joint.ok()) continue;
    EXPECT_EQ(Membership::FromConfState(joint->ToConfState()).value(), *joint) << "seed " << seed;
  }
}

TEST(ConfChangeTest, AnImpossibleConfStateIsRefused) {
  const ConfState twice{.voters = {MemberId(1), MemberId(1)}};
  EXPECT_FALSE(Membership::FromConfState(twice).ok());
  const ConfState both{.voters = {MemberId(1)}, .learners = {MemberId(1)}};
  EXPECT_FALSE(Membership::FromConfState(both).ok());
  const ConfState nobody_votes{.learners = {MemberId(1)}};
  EXPECT_FALSE(Membership::FromConfState(nobody_votes).ok());
  const ConfState staged{.voters = {MemberId(1)}, .learners_next = {MemberId(2)}};
  EXPECT_FALSE(Membership::FromConfState(staged).ok());
  const ConfState leaves{.voters = {MemberId(1)}, .auto_leave = true};
  EXPECT_FALSE(Membership::FromConfState(leaves).ok());
  const ConfState zero{.voters = {MemberId(0)}};
  EXPECT_FALSE(Membership::FromConfState(zero).ok());
  EXPECT_TRUE(Membership::FromConfState({}).ok());
}

TEST(ConfChangeTest, TheTransitionDecidesHowAChangeIsMade) {
  const std::vector<ConfChangeSingle> one{{ConfChangeType::kAddNode, MemberId(4)}};
  const std::vector<ConfChangeSingle> two{{ConfChangeType::kAddNode, MemberId(4)},
                                          {ConfChangeType::kAddNode, MemberId(5)}};
  EXPECT_FALSE(Change(Start(), {.changes = one})->voters.IsJoint());
  EXPECT_TRUE(Change(Start(), {.changes = two})->auto_leave);
  EXPECT_TRUE(Change(Start(), {ConfChangeTransition::kJointImplicit, one, {}})->voters.IsJoint());
  const Membership explicit_leave =
      Change(Start(), {ConfChangeTransition::kJointExplicit, one, {}}).value();
  EXPECT_TRUE(explicit_leave.voters.IsJoint());
  EXPECT_FALSE(explicit_leave.auto_leave);
  EXPECT_FALSE(Change(explicit_leave, {}).value().voters.IsJoint());
}

}  // namespace
}  // namespace raft
