#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <memory>
#include <string>

#include "proto/raft_internal.pb.h"
#include "proto/rpc.pb.h"
#include "server/testing/simulated_member.h"
#include "storage/mvcc/key_value.h"

// A disk that fails while the member runs ends the member, which says what failed: nothing is
// acknowledged that may not be durable. What was acknowledged before is there afterwards. One that
// is full is waited for.

namespace server {
namespace {

class DiskFailureTest : public ::testing::Test {
 protected:
  void Start(SimulatedMember* member) {
    member->options.snapshot_count = 5;
    ASSERT_TRUE(member->Start().ok());
    ASSERT_TRUE(member->RunUntil([&] { return member->ready(); }));
  }
  // Whether it was acknowledged; not if the member fails before.
  static bool Put(SimulatedMember* member, const std::string& key, size_t bytes) {
    auto done = std::make_shared<bool>(false);
    member->net_loop().Post([=] {
      etcdserverpb::PutRequest request;
      request.set_key(key);
      request.set_value(std::string(bytes, 'v'));
      member->frontend().Propose(etcdserverpb::InternalRaftRequest::kPutFieldNumber,
                                 request.SerializeAsString(),
                                 [done](const apply::Reply& reply) { *done = reply.status.ok(); });
    });
    member->RunUntil([&] { return *done || !member->failure().ok(); });
    return *done;
  }
  // Enough for many segments, batches and snapshots.
  static void PutMany(SimulatedMember* member) {
    for (int i = 0; i < 20; ++i) {
      Put(member, "key" + std::to_string(i), 20'000);
      member->RunFor(std::chrono::milliseconds(200));
    }
  }
  // It failed as it should, and lets nothing out any more.
  static void ExpectFailure(SimulatedMember* member, const std::string& text) {
    EXPECT_THAT(member->failure().message(), ::testing::ContainsRegex(text));
    const uint64_t applied = member->server().progress().applied;
    member->RunFor(std::chrono::seconds(10));
    EXPECT_FALSE(Put(member, "too late", 10));
    EXPECT_EQ(member->server().progress().applied, applied);
  }
};

TEST_F(DiskFailureTest, AFullDiskIsWaitedFor) {
  SimulatedMember member(1);
  member.options.disk_reserve_bytes = 0;
  Start(&member);
  ASSERT_TRUE(Put(&member, "before", 10));
  member.disk().SetCapacity(member.options.wal_segment_bytes * 3);
  int acknowledged = 0;
  while (acknowledged < 50 && Put(&member, "key" + std::to_string(acknowledged), 20'000)) {
    ++acknowledged;
  }
  EXPECT_LT(acknowledged, 50);
  member.RunFor(std::chrono::minutes(1));
  EXPECT_TRUE(member.failure().ok()) << member.failure().message();
  EXPECT_THAT(
      member.LogLines(),
      ::testing::Contains(::testing::HasSubstr("is full; writes wait until there is room")));
  // With more room it goes on, with what had waited first.
  member.disk().SetCapacity(std::numeric_limits<uint64_t>::max());
  member.RunFor(std::chrono::seconds(10));
  EXPECT_TRUE(Put(&member, "after", 10));
  member.Crash();
  Start(&member);
  const auto reads = member.server().state()->store().apply_reads().Pin({}).value();
  for (int i = 0; i < acknowledged; ++i) {
    EXPECT_TRUE(reads->Get("key" + std::to_string(i))->has_value()) << i;
  }
  EXPECT_TRUE(reads->Get("before")->has_value());
  EXPECT_TRUE(reads->Get("after")->has_value());
}

TEST_F(DiskFailureTest, AFullDiskIsNamedByAMemberThatStarts) {
  SimulatedMember member(1);
  member.disk().SetCapacity(50);
  const base::Status status = member.Start();
  EXPECT_EQ(status.code(), base::Code::kResourceExhausted);
  EXPECT_NE(status.message().find("/member/wal"), status.message().npos) << status.message();
  member.Kill();
  member.disk().SetCapacity(std::numeric_limits<uint64_t>::max());
  Start(&member);
}

TEST_F(DiskFailureTest, AReadOnlyDiskEndsTheMember) {
  SimulatedMember member(1);
  Start(&member);
  member.disk().SetReadOnly(true);
  EXPECT_FALSE(Put(&member, "a", 10));
  ExpectFailure(&member, "the disk failed: .*\\.wal.*: read-only file system");
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
  EXPECT_TRUE(
      member.server().state()->store().apply_reads().Pin({}).value()->Get("a")->has_value());
}

TEST_F(DiskFailureTest, AFailedSyncOfTheLogEndsTheMember) {
  SimulatedMember member(1);
  Start(&member);
  member.disk().FailSyncAfter(1);
  EXPECT_FALSE(Put(&member, "a", 10));
  ExpectFailure(&member, "the disk failed: .*\\.wal.*: input/output error");
}

TEST_F(DiskFailureTest, AFailedSnapshotEndsTheMember) {
  SimulatedMember member(1, Planted::kSnapshotsFail);
  Start(&member);
  PutMany(&member);
  ExpectFailure(&member, "the disk failed: .*\\.snap.*: input/output error");
}

TEST_F(DiskFailureTest, AFailedCommitEndsTheMember) {
  SimulatedMember member(1, Planted::kCommitsFail);
  Start(&member);
  PutMany(&member);
  ExpectFailure(&member, "db.mdb: input/output error");
}

// Reads that fail where an entry is applied are nothing that its proposer can be answered: the
// other members, and this one after its next start, would apply it.
class ApplyFailureTest : public DiskFailureTest {
 protected:
  // An entry needs a value from the database, and the read fails.
  static void WriteWhatMustBeRead(SimulatedMember* member, Planted planted) {
    member->net_loop().Post([=] {
      using Request = etcdserverpb::InternalRaftRequest;
      if (planted == Planted::kReservedReadersFail) {
        etcdserverpb::PutRequest put;
        put.set_key("old");
        put.set_value("newer");
        put.set_prev_kv(true);
        member->frontend().Propose(
            Request::kPutFieldNumber, put.SerializeAsString(),
            [](const apply::Reply& reply) { EXPECT_FALSE(reply.status.ok()); });
        return;
      }
      etcdserverpb::TxnRequest txn;
      auto* const compare = txn.add_compare();
      compare->set_key("old");
      compare->set_target(etcdserverpb::Compare::VALUE);
      compare->set_value(std::string(10, 'v'));
      txn.add_success()->mutable_request_put()->set_key("old");
      member->frontend().Propose(
          Request::kTxnFieldNumber, txn.SerializeAsString(),
          [](const apply::Reply& reply) { EXPECT_FALSE(reply.status.ok()); });
    });
  }

  static void ExpectItEnds(Planted planted, const std::string& text) {
    SimulatedMember member(1, planted);
    ASSERT_TRUE(member.Start().ok());
    ASSERT_TRUE(member.RunUntil([&] { return member.ready(); }));
    ASSERT_TRUE(Put(&member, "old", 10));
    member.RunFor(std::chrono::seconds(1));
    // Of the life before nothing is in memory any more.
    member.Crash();
    ASSERT_TRUE(member.Start().ok());
    ASSERT_TRUE(member.RunUntil([&] { return member.ready(); }));
    ASSERT_TRUE(Put(&member, "other", 10));
    member.RunFor(std::chrono::seconds(1));
    ASSERT_TRUE(member.failure().ok()) << member.failure().message();
    WriteWhatMustBeRead(&member, planted);
    ASSERT_TRUE(member.RunUntil([&] { return !member.failure().ok(); }));
    ExpectFailure(&member, text);
    // The entry was committed: the next start applies it, at its revision.
    member.Crash(runtime::simulated::CrashMode::kDropUnsynced);
    ASSERT_TRUE(member.Start().ok());
    ASSERT_TRUE(member.RunUntil([&] { return member.ready(); }));
    EXPECT_EQ(member.server().state()->store().revision(), base::Revision(4));
  }
};

TEST_F(ApplyFailureTest, NoReaderForAnEntryEndsTheMember) {
  ExpectItEnds(Planted::kReservedReadersFail, "entry [0-9]+.*too many readers");
}

TEST_F(ApplyFailureTest, DamageMetByAnEntryEndsTheMember) {
  ExpectItEnds(Planted::kRecordsDamaged, "entry [0-9]+.*damaged record");
}

}  // namespace
}  // namespace server
