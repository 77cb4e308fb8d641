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

}  // namespace
}  // namespace server
