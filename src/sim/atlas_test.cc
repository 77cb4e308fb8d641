#include "sim/atlas.h"

#include <gtest/gtest.h>

namespace sim {
namespace {

raft::Membership Of(std::vector<uint64_t> incoming, std::vector<uint64_t> outgoing = {}) {
  raft::ConfState conf_state;
  for (const uint64_t id : incoming) conf_state.voters.emplace_back(id);
  for (const uint64_t id : outgoing) conf_state.voters_outgoing.emplace_back(id);
  return raft::Membership::FromConfState(conf_state).value();
}

bool Leaves(const raft::Membership& membership, const std::set<uint64_t>& harmed) {
  std::set<base::MemberId> ids;
  for (const uint64_t id : harmed) ids.emplace(id);
  return LeavesQuorum(membership, ids);
}

TEST(AtlasTest, AMinorityMayBeHarmed) {
  EXPECT_TRUE(Leaves(Of({1, 2, 3}), {2}));
  EXPECT_FALSE(Leaves(Of({1, 2, 3}), {2, 3}));
  EXPECT_TRUE(Leaves(Of({1, 2, 3, 4, 5}), {1, 5}));
  EXPECT_FALSE(Leaves(Of({1, 2, 3, 4, 5}), {1, 3, 5}));
}

TEST(AtlasTest, HalfIsNoQuorum) {
  EXPECT_TRUE(Leaves(Of({1, 2, 3, 4}), {1}));
  EXPECT_FALSE(Leaves(Of({1, 2, 3, 4}), {1, 2}));
  EXPECT_FALSE(Leaves(Of({1}), {1}));
}

TEST(AtlasTest, WhoDoesNotVoteIsNotCounted) {
  EXPECT_TRUE(Leaves(Of({1, 2, 3}), {3, 4, 5}));
}

TEST(AtlasTest, BothConfigurationsOfAChangeCount) {
  EXPECT_TRUE(Leaves(Of({1, 2, 3}, {3, 4, 5}), {3}));
  EXPECT_TRUE(Leaves(Of({1, 2, 3}, {3, 4, 5}), {1, 5}));
  EXPECT_FALSE(Leaves(Of({1, 2, 3}, {3, 4, 5}), {4, 5}));
  EXPECT_FALSE(Leaves(Of({1, 2, 3}, {3, 4, 5}), {1, 3}));
}

}  // namespace
}  // namespace sim
