#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/errors.h"
#include "server/testing/agreeable_peers.h"
#include "server/testing/simulated_member.h"

namespace server {
namespace {

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
  base::Status Propose(raft::ConfChangeType type, const members::Member& member) {
    auto answer = std::make_shared<std::optional<base::Status>>();
    member_.net_loop().Post([=, this] {
      member_.frontend().ProposeConfChange(
          {.type = type,
           .node_id = member.id,
           .context = members::ToJson(members::ChangeContext{member, false})},
          [answer](const apply::Reply& reply) { *answer = reply.status; });
    });
    EXPECT_TRUE(member_.RunUntil([&] { return answer->has_value(); }));
    return **answer;
  }

  AgreeablePeers peers_;
  SimulatedMember member_{1};
};

TEST_F(ReconfigurationTest, TheTransportIsToldWhoBelongsToTheClusterAtEachChange) {
  ASSERT_FALSE(peers_.told.empty());
  EXPECT_EQ(peers_.told.back().members.size(), 3u);
  EXPECT_TRUE(peers_.told.back().removed.empty());

  const members::Member added = MemberOf(7, true);
  ASSERT_TRUE(Propose(raft::ConfChangeType::kAddLearnerNode, added).ok());
  ASSERT_EQ(peers_.told.back().members.size(), 4u);
  EXPECT_EQ(peers_.told.back().members.front(), added);
  // Else its first message would have found nobody.
  EXPECT_TRUE(peers_.strangers.empty());

  ASSERT_TRUE(Propose(raft::ConfChangeType::kRemoveNode, added).ok());
  EXPECT_EQ(peers_.told.back().members.size(), 3u);
  EXPECT_EQ(peers_.told.back().removed, std::vector<base::MemberId>{added.id});
}

TEST_F(ReconfigurationTest, TheTransportIsToldAtAStart) {
  member_.Crash();
  peers_.told.clear();
  ASSERT_TRUE(member_.Start().ok());
  member_.RunFor(seconds(1));
  ASSERT_FALSE(peers_.told.empty());
  EXPECT_EQ(peers_.told.back().members.size(), 3u);
}

}  // namespace
}  // namespace server
