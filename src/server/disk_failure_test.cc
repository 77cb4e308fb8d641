#include <gtest/gtest.h>

#include <limits>
#include <string>

#include "proto/raft_internal.pb.h"
#include "proto/rpc.pb.h"
#include "server/testing/simulated_member.h"
#include "storage/mvcc/key_value.h"

// A disk that fails while the member runs ends the process, which says what failed: nothing is
// acknowledged that may not be durable. What was acknowledged before is there afterwards.

namespace server {
namespace {

class DiskFailureTest : public ::testing::Test {
 protected:
  void Start(SimulatedMember* member) {
    member->options.snapshot_count = 5;
    ASSERT_TRUE(member->Start().ok());
    ASSERT_TRUE(member->RunUntil([&] { return member->ready(); }));
  }
  static void Put(SimulatedMember* member, const std::string& key, size_t bytes) {
    bool done = false;
    member->net_loop().Post([&] {
      etcdserverpb::PutRequest request;
      request.set_key(key);
      request.set_value(std::string(bytes, 'v'));
      member->frontend().Propose(etcdserverpb::InternalRaftRequest::kPutFieldNumber,
                                 request.SerializeAsString(), [&](const apply::Reply& reply) {
                                   done = true;
                                   EXPECT_TRUE(reply.status.ok());
                                 });
    });
    EXPECT_TRUE(member->RunUntil([&] { return done; }));
  }
  // Enough for many segments, batches and snapshots.
  static void PutMany(SimulatedMember* member) {
    for (int i = 0; i < 20; ++i) {
      Put(member, "key" + std::to_string(i), 20'000);
      member->RunFor(std::chrono::milliseconds(200));
    }
  }
};

TEST_F(DiskFailureTest, AFullDiskEndsTheProcess) {
  SimulatedMember member(1);
  Start(&member);
  member.disk().SetCapacity(member.options.wal_segment_bytes * 3);
  EXPECT_DEATH(PutMany(&member), "the disk failed: .*/member/.*: No space left on device");
  // With more room it goes on.
  Put(&member, "before", 10);
  member.Crash();
  member.disk().SetCapacity(std::numeric_limits<uint64_t>::max());
  Start(&member);
  EXPECT_TRUE(member.server().store().Pin({}).value()->Get("before")->has_value());
}

TEST_F(DiskFailureTest, AFullDiskIsNamedByAMemberThatStarts) {
  SimulatedMember member(1);
  member.disk().SetCapacity(1000);
  const base::Status status = member.Start();
  EXPECT_EQ(status.code(), base::Code::kResourceExhausted);
  EXPECT_NE(status.message().find("/member/wal"), status.message().npos) << status.message();
  member.Kill();
  member.disk().SetCapacity(std::numeric_limits<uint64_t>::max());
  Start(&member);
}

TEST_F(DiskFailureTest, AReadOnlyDiskEndsTheProcess) {
  SimulatedMember member(1);
  Start(&member);
  member.disk().SetReadOnly(true);
  EXPECT_DEATH(Put(&member, "a", 10), "the disk failed: .*\\.wal.*: Read-only file system");
}

TEST_F(DiskFailureTest, AReadOnlyDiskIsNamedByAMemberThatStarts) {
  SimulatedMember member(1);
  Start(&member);
  Put(&member, "a", 10);
  member.Kill();
  member.disk().SetReadOnly(true);
  const base::Status status = member.Start();
  EXPECT_EQ(status.code(), base::Code::kPermissionDenied) << status.ToString();
  member.Kill();
  member.disk().SetReadOnly(false);
  Start(&member);
  EXPECT_TRUE(member.server().store().Pin({}).value()->Get("a")->has_value());
}

TEST_F(DiskFailureTest, AFailedSyncOfTheLogEndsTheProcess) {
  SimulatedMember member(1);
  Start(&member);
  member.disk().FailSyncAfter(1);
  EXPECT_DEATH(Put(&member, "a", 10), "the disk failed: .*\\.wal.*: Input/output error");
}

TEST_F(DiskFailureTest, AFailedSnapshotEndsTheProcess) {
  SimulatedMember member(1, Planted::kSnapshotsFail);
  Start(&member);
  EXPECT_DEATH(PutMany(&member), "the disk failed: .*\\.snap.*: Input/output error");
}

TEST_F(DiskFailureTest, AFailedCommitEndsTheProcess) {
  SimulatedMember member(1, Planted::kCommitsFail);
  Start(&member);
  EXPECT_DEATH(PutMany(&member), "db.mdb: No space left on device");
}

}  // namespace
}  // namespace server
