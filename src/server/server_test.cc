#include "server/server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "base/errors.h"
#include "proto/raft_internal.pb.h"
#include "proto/rpc.pb.h"
#include "server/snapshot_install.h"
#include "server/testing/simulated_member.h"
#include "storage/mvcc/key_value.h"
#include "storage/wal/reader.h"

namespace server {
namespace {

using etcdserverpb::InternalRaftRequest;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

std::string PutBytes(const std::string& key, const std::string& value) {
  etcdserverpb::PutRequest request;
  request.set_key(key);
  request.set_value(value);
  return request.SerializeAsString();
}

class ServerTest : public ::testing::Test {
 protected:
  void Start() {
    ASSERT_TRUE(member_.Start().ok());
    ASSERT_TRUE(member_.RunUntil([this] { return member_.ready(); }));
  }
  apply::Reply Put(const std::string& key, const std::string& value) {
    std::optional<apply::Reply> answer;
    member_.net_loop().Post([&] {
      member_.frontend().Propose(InternalRaftRequest::kPutFieldNumber, PutBytes(key, value),
                                 [&](apply::Reply reply) { answer = std::move(reply); });
    });
    EXPECT_TRUE(member_.RunUntil([&] { return answer.has_value(); }));
    return *answer;
  }
  std::optional<std::string> Value(const std::string& key) {
    const auto pin = member_.server().state()->store().apply_reads().Pin(base::Revision(0)).value();
    const auto found = pin->Get(key).value();
    if (!found.has_value()) return std::nullopt;
    return std::string(mvcc::ParseKeyValue(*found)->value);
  }

  SimulatedMember member_{1};
};

TEST_F(ServerTest, ANewMemberFoundsItsClusterAndBecomesReady) {
  Start();
  const auto view = member_.server().state()->view().Get();
  ASSERT_EQ(view->members.size(), 1u);
  EXPECT_EQ(view->members[0].name, "default");
  EXPECT_EQ(view->members[0].client_urls, std::vector<std::string>{"http://localhost:2379"});
  EXPECT_EQ(view->cluster_version, kClusterVersion);
  EXPECT_EQ(member_.server().progress().leader, member_.server().id().value());
}

TEST_F(ServerTest, WhatIsNoClusterOfOneIsRefusedAndNothingIsWritten) {
  member_.options.initial_cluster.push_back({"other", {"http://localhost:12380"}});
  EXPECT_EQ(member_.Start().code(), base::Code::kFailedPrecondition);
  member_.Kill();
  member_.options.initial_cluster.pop_back();
  member_.options.join_existing_cluster = true;
  EXPECT_EQ(member_.Start().code(), base::Code::kFailedPrecondition);
  member_.Kill();
  member_.options.join_existing_cluster = false;
  member_.options.name = "another";
  EXPECT_EQ(member_.Start().code(), base::Code::kFailedPrecondition);
  EXPECT_FALSE(member_.disk().Exists("/default.etcd/member/wal").value());
}

TEST_F(ServerTest, TheDirectorySaysWhichWayBackToEtcdIsSafe) {
  Start();
  const base::Bytes note = *runtime::ReadFile(member_.disk(), "/default.etcd/member/README");
  EXPECT_THAT(note, HasSubstr("etcdutl export"));
}

// A mark of its entry may stand in the log that is not believed yet.
TEST_F(ServerTest, OfDatabasesThatCameWithSnapshotsThoseThatTheLogHasPassedAreRemoved) {
  member_.options.snapshot_count = 5;
  Start();
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(Put("a", "1").status.ok());
  member_.RunFor(std::chrono::seconds(1));
  member_.Kill();
  const std::string passed = ReceivedDatabasePath(member_.options, base::Index(7));
  const std::string ahead = ReceivedDatabasePath(member_.options, base::Index(1000));
  for (const std::string& path : {passed, passed + "-lock", ahead, ahead + "-lock"}) {
    ASSERT_TRUE(member_.disk().Open(path, runtime::OpenMode::kCreate).ok());
  }
  Start();
  EXPECT_FALSE(*member_.disk().Exists(passed));
  EXPECT_FALSE(*member_.disk().Exists(passed + "-lock"));
  EXPECT_TRUE(*member_.disk().Exists(ahead));
  EXPECT_TRUE(*member_.disk().Exists(ahead + "-lock"));
}

TEST_F(ServerTest, APutIsAnsweredWithItsRevisionAndIsThere) {
  Start();
  const apply::Reply reply = Put("a", "1");
  ASSERT_TRUE(reply.status.ok());
  EXPECT_EQ(reply.revision, base::Revision(2));
  EXPECT_EQ(Value("a"), "1");
}

TEST_F(ServerTest, AReadAfterAPutSeesIt) {
  Start();
  std::optional<base::Status> read;
  bool put_done = false;
  member_.net_loop().Post([&] {
    member_.frontend().Propose(
        InternalRaftRequest::kPutFieldNumber, PutBytes("a", "1"), [&](const apply::Reply&) {
          put_done = true;
          member_.frontend().ReadIndex([&](const base::Status& status) { read = status; });
        });
  });
  ASSERT_TRUE(member_.RunUntil([&] { return read.has_value(); }));
  EXPECT_TRUE(put_done);
  EXPECT_TRUE(read->ok());
  EXPECT_EQ(Value("a"), "1");
}

TEST_F(ServerTest, ReadsThatWaitedForOneIndexLetOthersHaveTheirTurn) {
  Start();
  constexpr int kReads = 1000;
  int done = 0;
  int done_at_post = 0;
  member_.net_loop().Post([&] {
    for (int read = 0; read < kReads; ++read) {
      member_.frontend().ReadIndex([&, read](const base::Status& status) {
        EXPECT_TRUE(status.ok());
        EXPECT_EQ(read, done++);
        if (read == 0) member_.net_loop().Post([&] { done_at_post = done; });
      });
    }
  });
  ASSERT_TRUE(member_.RunUntil([&] { return done == kReads; }));
  EXPECT_GT(done_at_post, 0);
  EXPECT_LE(done_at_post, kReads / 4);
}

TEST_F(ServerTest, AReadIsNotBehindAllThoseOfAnotherClient) {
  Start();
  constexpr int kReads = 1000;
  int done = 0;
  int done_before = kReads;
  member_.net_loop().Post([&] {
    for (int read = 0; read < kReads; ++read) {
      member_.frontend().ReadIndex([&](const base::Status&) { ++done; }, 1);
    }
    member_.frontend().ReadIndex([&](const base::Status&) { done_before = done; }, 2);
  });
  ASSERT_TRUE(member_.RunUntil([&] { return done == kReads; }));
  EXPECT_LE(done_before, static_cast<int>(ReadTurns::kReadsOfTurn));
}

TEST_F(ServerTest, ARequestThatIsTooLargeIsRefused) {
  Start();
  EXPECT_EQ(Put("a", std::string(member_.options.max_request_bytes, 'v')).status,
            base::errors::kRequestTooLarge);
  EXPECT_TRUE(Put("a", "small").status.ok());
}

TEST_F(ServerTest, ACompactionIsToldWhenItIsFinished) {
  Start();
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(Put("a", std::to_string(i)).status.ok());
  etcdserverpb::CompactionRequest request;
  request.set_revision(11);
  std::optional<base::Status> compacted;
  member_.net_loop().Post([&] {
    member_.frontend().Propose(InternalRaftRequest::kCompactionFieldNumber,
                               request.SerializeAsString(),
                               [&](const apply::Reply& reply) { compacted = reply.status; });
  });
  ASSERT_TRUE(member_.RunUntil([&] { return compacted.has_value(); }));
  const auto told = [this] {
    for (const std::string& line : member_.LogLines()) {
      if (line.find("finished scheduled compaction") != std::string::npos) return line;
    }
    return std::string();
  };
  ASSERT_TRUE(member_.RunUntil([&] { return !told().empty(); }));
  EXPECT_THAT(told(), ::testing::HasSubstr("\"number-of-keys-compacted\":9"));
  EXPECT_THAT(member_.Metrics(),
              ::testing::HasSubstr("etcd_debugging_mvcc_db_compaction_keys_total 9"));
}

TEST_F(ServerTest, RequestsAreMeasuredByTheirType) {
  Start();
  ASSERT_TRUE(Put("a", "1").status.ok());
  EXPECT_FALSE(Put("a", std::string(member_.options.max_request_bytes, 'v')).status.ok());
  const std::string metrics = member_.Metrics();
  for (const char* const line :
       {"etcd_server_request_duration_seconds_count{success=\"true\",type=\"Put\"} 1",
        "op=\"Put\",success=\"true\",version=\"v3\"} 1", "etcd_mvcc_put_total 1",
        "etcd_debugging_mvcc_total_put_size_in_bytes 2"}) {
    EXPECT_THAT(metrics, ::testing::HasSubstr(line));
  }
}

TEST_F(ServerTest, WhatWaitsWhenTheMemberEndsIsToldSo) {
  Start();
  bool proposed = false;
  std::optional<base::Status> status;
  member_.net_loop().Post([&] {
    member_.frontend().Propose(InternalRaftRequest::kPutFieldNumber, PutBytes("a", "1"),
                               [&](const apply::Reply& reply) { status = reply.status; });
    proposed = true;
  });
  ASSERT_TRUE(member_.RunUntil([&] { return proposed; }));
  ASSERT_FALSE(status.has_value());
  member_.Kill();
  ASSERT_TRUE(status.has_value());
  EXPECT_EQ(*status, base::errors::kStopped);
}

TEST_F(ServerTest, AMemberMayEndAtAnyMomentOfItsStart) {
  for (int steps = 0; !member_.ready(); ++steps) {
    ASSERT_TRUE(member_.Start().ok());
    int step = 0;
    member_.RunUntil([&] { return member_.ready() || ++step > steps; });
    if (!member_.ready()) member_.Kill();
  }
}

TEST_F(ServerTest, AMemberWhoseDatabaseIsAheadOfItsLogDoesNotStart) {
  Start();
  ASSERT_TRUE(Put("a", "1").status.ok());
  member_.RunFor(std::chrono::seconds(1));
  member_.Kill();
  // The log begins anew, the database does not.
  ASSERT_TRUE(member_.disk().RemoveAll("/default.etcd/member/wal").ok());
  const base::Status status = member_.Start();
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.code(), base::Code::kDataLoss);
}

// A hard state that raises only the commit index is not synced; the database may be ahead of it.
TEST_F(ServerTest, WhatTheDatabaseCoversIsCommittedWhateverTheLogSays) {
  Start();
  ASSERT_TRUE(Put("a", "1").status.ok());
  member_.RunFor(std::chrono::seconds(1));
  const uint64_t applied = member_.server().progress().applied;
  member_.Crash(runtime::simulated::CrashMode::kDropUnsynced);
  const auto log = wal::Read(member_.disk(), "/default.etcd/member/wal", {});
  ASSERT_TRUE(log.ok()) << log.status().ToString();
  ASSERT_LT(log->contents.hard_state.commit, base::Index(applied));
  Start();
  EXPECT_EQ(Value("a"), "1");
  EXPECT_EQ(Put("a", "2").revision, base::Revision(3));
}

class DamagedLogTest : public ServerTest {
 protected:
  static constexpr std::string_view kSegment =
      "/default.etcd/member/wal/0000000000000000-0000000000000000.wal";

  // Some entries that the database has, and two that only the log has.
  void WriteAndKill() {
    Start();
    for (int i = 0; i < 20; ++i) ASSERT_TRUE(Put("key" + std::to_string(i), "covered").status.ok());
    member_.RunFor(std::chrono::seconds(1));
    ASSERT_TRUE(Put("a", "first above").status.ok());
    ASSERT_TRUE(Put("b", "second above").status.ok());
    member_.Kill();
  }
  void Resize(uint64_t size) {
    auto file = member_.disk().Open(kSegment, runtime::OpenMode::kWrite);
    ASSERT_TRUE((*file)->Truncate(size).ok());
    ASSERT_TRUE((*file)->Sync().ok());
  }
  // Damages the entry that holds `text`.
  void Damage(std::string_view text) {
    const base::Bytes bytes = *runtime::ReadFile(member_.disk(), kSegment);
    ASSERT_NE(bytes.find(text), base::Bytes::npos);
    member_.disk().Corrupt(kSegment, bytes.find(text));
  }
};

TEST_F(DamagedLogTest, WhatTheDatabaseCoversIsRepairedFromIt) {
  WriteAndKill();
  Damage("key10");
  for (int start = 0; start < 2; ++start) {
    Start();
    EXPECT_EQ(Value("key10"), "covered");
    EXPECT_EQ(Value("a"), "first above");
    EXPECT_EQ(Value("b"), "second above");
    EXPECT_TRUE(Put("c", std::to_string(start)).status.ok());
    member_.Crash();
  }
  EXPECT_TRUE(member_.disk().Exists(std::string(kSegment) + ".broken").value());
}

TEST_F(DamagedLogTest, WhatMayHaveBeenAcknowledgedIsNotGivenUp) {
  WriteAndKill();
  Damage("first above");
  const base::Bytes before = *runtime::ReadFile(member_.disk(), kSegment);
  const base::Status status = member_.Start();
  EXPECT_EQ(status.code(), base::Code::kDataLoss);
  const std::string_view message = status.message();
  EXPECT_EQ(message.find(std::string(kSegment) + ": damaged record at offset "), 0u) << message;
  EXPECT_NE(message.find("the database covers the log up to entry "), message.npos) << message;
  EXPECT_NE(message.find("remove the member and add it again"), message.npos) << message;
  EXPECT_TRUE(*runtime::ReadFile(member_.disk(), kSegment) == before);
}

// The advice for damage would have somebody remove a member whose files only have to be readable.
TEST_F(DamagedLogTest, ADiskThatFailsMeanwhileIsNotTakenForTheDamage) {
  WriteAndKill();
  const base::Bytes bytes = *runtime::ReadFile(member_.disk(), kSegment);
  for (const bool ends_before : {false, true}) {
    if (ends_before) {
      Resize(bytes.find("key10"));
      Resize(bytes.size());
    } else {
      Damage("key10");
    }
    member_.options.force_new_cluster = ends_before;
    member_.disk().SetCapacity(1);
    const base::Status status = member_.Start();
    EXPECT_EQ(status.code(), base::Code::kResourceExhausted) << status.ToString();
    EXPECT_EQ(status.message().find("remove the member"), status.message().npos)
        << status.message();
    member_.Kill();
    member_.disk().SetCapacity(std::numeric_limits<uint64_t>::max());
  }
}

// What was acknowledged behind the database is gone with it.
TEST_F(DamagedLogTest, AMemberAloneDoesNotStartIfTheLogEndsBeforeTheDatabase) {
  WriteAndKill();
  const base::Bytes bytes = *runtime::ReadFile(member_.disk(), kSegment);
  for (const bool was_cut_short : {false, true}) {
    Resize(bytes.find("key10"));
    if (!was_cut_short) Resize(bytes.size());
    const base::Bytes before = *runtime::ReadFile(member_.disk(), kSegment);
    for (int start = 0; start < 2; ++start) {
      const base::Status status = member_.Start();
      EXPECT_EQ(status.code(), base::Code::kDataLoss);
      EXPECT_THAT(status.message(),
                  AllOf(StartsWith(std::string(kSegment) + ": damaged "),
                        HasSubstr("; the database covers the log up to entry "),
                        HasSubstr("restore a backup; or start it with --force-new-cluster once")));
    }
    EXPECT_TRUE(*runtime::ReadFile(member_.disk(), kSegment) == before);
  }
}

// The flag that says that writes may be lost, and whether the file was cut short.
class LackingLogTest : public DamagedLogTest,
                       public ::testing::WithParamInterface<std::tuple<bool Options::*, bool>> {};

TEST_P(LackingLogTest, AMemberAloneThatMayLoseWritesGoesOnWithout) {
  const auto [flag, was_cut_short] = GetParam();
  WriteAndKill();
  const base::Bytes bytes = *runtime::ReadFile(member_.disk(), kSegment);
  Resize(bytes.find("key10"));
  if (!was_cut_short) Resize(bytes.size());
  member_.options.*flag = true;
  Start();
  member_.options.*flag = false;
  for (int start = 0; start < 2; ++start) {
    EXPECT_EQ(Value("key10"), "covered");
    EXPECT_EQ(Value("key19"), "covered");
    EXPECT_EQ(Value("a"), std::nullopt);
    EXPECT_TRUE(Put("c", std::to_string(start)).status.ok());
    member_.Crash();
    Start();
  }
  EXPECT_TRUE(member_.disk().Exists(std::string(kSegment) + ".broken").value());
}

INSTANTIATE_TEST_SUITE_P(Flags, LackingLogTest,
                         ::testing::Combine(::testing::Values(&Options::force_new_cluster,
                                                              &Options::unsafe_no_fsync),
                                            ::testing::Bool()));

}  // namespace
}  // namespace server
