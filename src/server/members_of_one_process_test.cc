#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "proto/raft_internal.pb.h"
#include "proto/rpc.pb.h"
#include "server/testing/simulated_member.h"

// Members of one process share nothing: what ends one of them does not touch the other.

namespace server {
namespace {

void Start(SimulatedMember* member) {
  ASSERT_TRUE(member->Start().ok());
  ASSERT_TRUE(member->RunUntil([&] { return member->ready(); }));
}

// Whether it was acknowledged before the member failed.
bool Put(SimulatedMember* member, const std::string& key) {
  auto done = std::make_shared<bool>(false);
  member->net_loop().Post([=] {
    etcdserverpb::PutRequest request;
    request.set_key(key);
    member->frontend().Propose(etcdserverpb::InternalRaftRequest::kPutFieldNumber,
                               request.SerializeAsString(),
                               [done](const apply::Reply& reply) { *done = reply.status.ok(); });
  });
  member->RunUntil([&] { return *done || !member->failure().ok(); });
  return *done;
}

TEST(MembersOfOneProcessTest, AMemberThatFailsLeavesTheOtherAlone) {
  SimulatedMember one(1);
  SimulatedMember another(2);
  Start(&one);
  Start(&another);
  ASSERT_TRUE(Put(&one, "a"));
  ASSERT_TRUE(Put(&another, "b"));
  one.disk().FailSyncAfter(1);
  EXPECT_FALSE(Put(&one, "c"));
  EXPECT_FALSE(one.failure().ok());
  EXPECT_TRUE(another.failure().ok());
  EXPECT_TRUE(Put(&another, "d"));
  one.Crash();
  EXPECT_TRUE(Put(&another, "e"));
  Start(&one);
  EXPECT_TRUE(Put(&one, "f"));
}

TEST(MembersOfOneProcessTest, AMemberWhoseLogWasLostLeavesTheOtherAlone) {
  SimulatedMember one(1);
  SimulatedMember another(2);
  Start(&one);
  Start(&another);
  raft::Message heartbeat{.type = raft::MessageType::kHeartbeat, .from = base::MemberId(7)};
  heartbeat.to = one.server().id();
  heartbeat.term = base::Term(100);
  heartbeat.commit = base::Index(1'000'000);
  ASSERT_TRUE(one.server().Step(heartbeat));
  EXPECT_FALSE(Put(&one, "a"));
  EXPECT_EQ(one.failure().code(), base::Code::kDataLoss) << one.failure().ToString();
  EXPECT_TRUE(Put(&another, "b"));
  EXPECT_TRUE(another.failure().ok());
}

}  // namespace
}  // namespace server
