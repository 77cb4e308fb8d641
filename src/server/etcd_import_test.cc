#include "server/etcd_import.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "proto/auth.pb.h"
#include "proto/lease.pb.h"
#include "proto/raft_internal.pb.h"
#include "proto/rpc.pb.h"
#include "server/etcd_log.h"
#include "server/founding.h"
#include "server/log_metadata.h"
#include "server/takeover.h"
#include "server/testing/lost_messages.h"
#include "server/testing/simulated_member.h"
#include "state/apply/request_codec.h"
#include "state/auth/users.h"
#include "state/leases/leases.h"
#include "storage/image/reader_source.h"
#include "storage/mvcc/key_value.h"
#include "storage/snap/bbolt_writer.h"
#include "storage/snap/snapshot_file.h"
#include "storage/snap/testing/model_source.h"
#include "storage/wal/reader.h"

// The directory of an etcd of one member is made from one of ours, whose log is the same and whose
// database becomes a bbolt file.

namespace server {
namespace {

using etcdserverpb::InternalRaftRequest;
using runtime::JoinPath;
using runtime::simulated::CrashMode;
using snap::testing::Model;

constexpr std::string_view kMember = "/default.etcd/member";

class EtcdImportTest : public ::testing::Test {
 protected:
  EtcdImportTest() { etcd_.options.wal_segment_bytes = kSegmentBytes; }

  static void Start(SimulatedMember& member) {
    const base::Status started = member.Start();
    ASSERT_TRUE(started.ok()) << started.ToString();
    ASSERT_TRUE(member.RunUntil([&member] { return member.ready(); }));
    TakeOver(member);
  }
  // As whoever is to answer does. False if the power fails.
  static bool TakeOver(SimulatedMember& member) {
    if (!member.server().holds_etcd_files()) return true;
    bool done = false;
    member.server().TakeOver([&done] { done = true; });
    member.RunUntil([&] { return done || member.disk().power_failed(); });
    return done;
  }
  static void Propose(SimulatedMember& member, uint32_t field, std::string request) {
    std::optional<apply::Reply> answer;
    member.net_loop().Post([&] {
      member.frontend().Propose(field, std::move(request),
                                [&](apply::Reply reply) { answer = std::move(reply); });
    });
    ASSERT_TRUE(member.RunUntil([&] { return answer.has_value(); }));
    ASSERT_TRUE(answer->status.ok()) << answer->status.ToString();
  }
  static void Put(SimulatedMember& member, const std::string& key, const std::string& value) {
    etcdserverpb::PutRequest request;
    request.set_key(key);
    request.set_value(value);
    Propose(member, InternalRaftRequest::kPutFieldNumber, request.SerializeAsString());
  }
  static void Compact(SimulatedMember& member, int64_t revision) {
    etcdserverpb::CompactionRequest request;
    request.set_revision(revision);
    Propose(member, InternalRaftRequest::kCompactionFieldNumber, request.SerializeAsString());
  }
  static std::optional<std::string> Value(SimulatedMember& member, const std::string& key) {
    const auto pin = member.server().state()->store().apply_reads().Pin(base::Revision(0)).value();
    const auto found = pin->Get(key).value();
    if (!found.has_value()) return std::nullopt;
    return std::string(mvcc::ParseKeyValue(*found)->value);
  }
  static uint32_t Hash(SimulatedMember& member) {
    return member.server().state()->store().apply_reads().HashKv(base::Revision(0))->hash;
  }

  // Some keys; `committed` of the `count` are in the database when it ends, all in the log.
  void RunEtcd(int count, int committed) {
    Start(etcd_);
    for (int i = 0; i < count; ++i) {
      if (i == committed) {
        etcd_.RunFor(std::chrono::seconds(1));
        etcd_.options.backend_batch_interval = std::chrono::hours(1);
        etcd_.Kill();
        Start(etcd_);
      }
      Put(etcd_, "key" + std::to_string(i % 7), "value" + std::to_string(i));
    }
    if (count == committed) etcd_.RunFor(std::chrono::seconds(1));
    hash_ = Hash(etcd_);
    revision_ = etcd_.server().state()->store().revision();
    etcd_id_ = etcd_.server().id();
    etcd_.Kill();
  }
  Model Database() {
    const auto database = backend::OpenMemoryBackend(etcd_.database());
    const auto reader = database->NewReader().value();
    image::ReaderSource source(reader.get());
    return snap::testing::Contents(source).value();
  }
  void Write(SimulatedMember* member, const std::string& path, base::ByteView bytes) {
    const auto file = member->disk().Open(path, runtime::OpenMode::kCreateOrTruncate).value();
    ASSERT_TRUE(file->WriteAt(0, bytes).ok());
    ASSERT_TRUE(file->Sync().ok());
    ASSERT_TRUE(member->disk().SyncDirectory(path.substr(0, path.rfind('/'))).ok());
  }
  // The directory of etcd, with the log of ours and this database.
  void MakeDirectory(SimulatedMember* member, const Model& database) {
    member->database_is_a_file = true;
    member->options.wal_segment_bytes = kSegmentBytes;
    runtime::simulated::Disk& disk = member->disk();
    ASSERT_TRUE(disk.CreateDirectories(JoinPath(kMember, "snap")).ok());
    ASSERT_TRUE(disk.CreateDirectories(JoinPath(kMember, "wal")).ok());
    ASSERT_TRUE(disk.SyncDirectory(kMember).ok());
    CopyFromEtcd(member, "wal");
    CopyFromEtcd(member, "snap");
    Write(member, JoinPath(kMember, "snap/db"), BboltFile(database));
  }
  void CopyFromEtcd(SimulatedMember* member, std::string_view folder) {
    const std::string from = JoinPath(kMember, folder);
    for (const std::string& name : etcd_.disk().List(from).value()) {
      Write(member, JoinPath(from, name),
            runtime::ReadFile(etcd_.disk(), JoinPath(from, name)).value());
    }
  }
  static base::Bytes BboltFile(const Model& model) {
    snap::testing::ModelSource source(&model);
    const snap::Layout layout = snap::LayOutBbolt(source).value();
    base::Bytes bytes;
    EXPECT_TRUE(snap::WriteBbolt(source, layout, [&bytes](base::ByteView chunk) {
                  bytes.append(chunk);
                  return base::Status();
                }).ok());
    return bytes;
  }
  bool Exists(SimulatedMember& member, std::string_view name) {
    return member.disk().Exists(JoinPath(kMember, name)).value();
  }
  // Every file of etcd at its place.
  bool EtcdWouldStart(SimulatedMember& member) {
    return Exists(member, "snap/db") && Exists(member, "wal") && !Exists(member, "snap.etcd/db");
  }
  // Whether an etcd that somebody starts finds no log, and nothing that keeps it from making one.
  bool EtcdWouldBeginAnew(SimulatedMember& member) {
    return !Exists(member, "wal") && !Exists(member, "snap/db");
  }
  void ExpectImported(SimulatedMember& member) {
    EXPECT_EQ(Hash(member), hash_);
    EXPECT_EQ(member.server().state()->store().revision(), revision_);
    for (const char* const name : {"snap/db", "wal.import"}) EXPECT_FALSE(Exists(member, name));
    for (const char* const name : {"wal", "wal.etcd", "snap.etcd/db"}) {
      EXPECT_TRUE(Exists(member, name)) << name;
    }
    const auto view = member.server().state()->view().Get();
    ASSERT_EQ(view->members.size(), 1u);
    EXPECT_EQ(view->members[0].name, "default");
  }
  base::Status Refusal(const Model& database) {
    SimulatedMember member(2);
    MakeDirectory(&member, database);
    const base::Status status = member.Start();
    EXPECT_FALSE(status.ok());
    EXPECT_TRUE(EtcdWouldStart(member));
    for (const char* const name : {"snap.etcd", "wal.import", "snap/db.mdb"}) {
      EXPECT_FALSE(Exists(member, name)) << name;
    }
    return status;
  }

  static constexpr uint64_t kSegmentBytes = 16 * 1024;

  SimulatedMember etcd_{1};
  uint32_t hash_ = 0;
  base::Revision revision_;
  base::MemberId etcd_id_;
};

TEST_F(EtcdImportTest, AMemberGoesOnWithWhatEtcdHad) {
  RunEtcd(100, 100);
  SimulatedMember member(2);
  MakeDirectory(&member, Database());
  Start(member);
  ExpectImported(member);
  Put(member, "more", "afterwards");
  hash_ = Hash(member);
  revision_ = member.server().state()->store().revision();
  member.Crash();
  Start(member);
  ExpectImported(member);
  EXPECT_EQ(Value(member, "more"), "afterwards");
}

TEST_F(EtcdImportTest, WhatOnlyTheLogHasIsApplied) {
  RunEtcd(100, 40);
  SimulatedMember member(2);
  MakeDirectory(&member, Database());
  Start(member);
  ExpectImported(member);
  EXPECT_EQ(Value(member, "key1"), "value99");
}

TEST_F(EtcdImportTest, OneOfEtcd34TakesItsMembersFromTheLog) {
  RunEtcd(50, 20);
  Model database = Database();
  // What another version left there is not believed.
  database["meta"]["term"] = std::string(8, '\7');
  database["meta"].erase("confState");
  database["members"] = {{"1", R"({"id":1,"peerURLs":["http://old:1"]})"}};
  SimulatedMember member(2);
  MakeDirectory(&member, database);
  Start(member);
  ExpectImported(member);
}

TEST_F(EtcdImportTest, OneOfEtcd34WithASnapshotTakesItsMembersFromThat) {
  etcd_.options.snapshot_count = 10;
  RunEtcd(50, 40);
  Model database = Database();
  database["meta"].erase("confState");
  database["members"].clear();
  SimulatedMember member(2);
  MakeDirectory(&member, database);
  ASSERT_TRUE(Exists(member, "wal"));
  Start(member);
  ExpectImported(member);
  bool has_snapshot = false;
  for (const std::string& name : member.disk().List(JoinPath(kMember, "snap.etcd")).value()) {
    has_snapshot = has_snapshot || name.ends_with(".snap");
  }
  EXPECT_TRUE(has_snapshot);
}

TEST_F(EtcdImportTest, OneThatWasRestoredTakesItsMembersFromTheLogsSnapshot) {
  etcd_.options.snapshot_count = 10;
  RunEtcd(50, 50);
  Model database = Database();
  // Of the cluster that the snapshot was taken of; this one may have been a member of it.
  for (const std::string& voters : {std::string("1"), "1,2," + std::to_string(etcd_id_.value())}) {
    database["meta"]["confState"] = R"({"voters":[)" + voters + "]}";
    for (const bool force : {false, true}) {
      SimulatedMember member(2);
      MakeDirectory(&member, database);
      member.options.force_new_cluster = force;
      Start(member);
      ExpectImported(member);
      EXPECT_EQ(member.server().id(), etcd_id_);
    }
  }
}

TEST_F(EtcdImportTest, ACompactionThatIsNotFinishedIsFinished) {
  RunEtcd(50, 50);
  Model database = Database();
  const std::string at("\0\0\0\0\0\0\0\x14_\0\0\0\0\0\0\0\0", 17);
  database["meta"]["scheduledCompactRev"] = at;
  SimulatedMember member(2);
  MakeDirectory(&member, database);
  Start(member);
  member.RunFor(std::chrono::seconds(1));
  EXPECT_EQ(member.server().state()->store().finished_compact_revision(), base::Revision(20));
}

TEST_F(EtcdImportTest, TheOptionsOfAFirstStartAreIgnored) {
  RunEtcd(5, 5);
  SimulatedMember member(2);
  MakeDirectory(&member, Database());
  member.options.name = "another";
  member.options.initial_cluster = {{"x", {"http://x:1"}}, {"y", {"http://y:1"}}};
  member.options.join_existing_cluster = true;
  Start(member);
  EXPECT_EQ(Hash(member), hash_);
}

TEST_F(EtcdImportTest, WhatThisVersionCannotServeIsRefusedByName) {
  RunEtcd(5, 5);
  const Model database = Database();
  Model newer = database;
  newer["meta"]["storageVersion"] = "3.8.0";
  EXPECT_EQ(Refusal(newer).code(), base::Code::kFailedPrecondition);
}

TEST_F(EtcdImportTest, LeasesAreTakenOver) {
  RunEtcd(5, 5);
  Model database = Database();
  leasepb::Lease lease;
  lease.set_id(7);
  lease.set_ttl(60);
  database["lease"][std::string("\0\0\0\0\0\0\0\7", 8)] = lease.SerializeAsString();
  SimulatedMember member(2);
  MakeDirectory(&member, database);
  Start(member);
  const auto found = member.server().state()->leases().Find(base::LeaseId(7));
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->ttl, 60);
}

TEST_F(EtcdImportTest, UsersAndRolesAreTakenOver) {
  RunEtcd(5, 5);
  Model database = Database();
  authpb::User root;
  root.set_name("root");
  root.add_roles("root");
  database["authUsers"]["root"] = root.SerializeAsString();
  database["auth"]["authEnabled"] = "\1";
  database["auth"]["authRevision"] = std::string("\0\0\0\0\0\0\0\3", 8);
  SimulatedMember member(2);
  MakeDirectory(&member, database);
  Start(member);
  const auth::View& view = member.server().state()->users().view();
  EXPECT_TRUE(view.enabled);
  EXPECT_EQ(view.revision, 3u);
  EXPECT_EQ(view.users.Names(), std::vector<std::string>{"root"});
}

TEST_F(EtcdImportTest, OneOfSeveralIsImportedAsTheOnlyOneWhenItIsToBe) {
  RunEtcd(50, 50);
  Model database = Database();
  database["meta"]["confState"] =
      R"({"voters":[)" + std::to_string(etcd_id_.value()) + R"(,2],"learners":[3]})";
  database["members"]["2"] = R"({"id":2,"peerURLs":["http://b:1"]})";
  database["members"]["3"] = R"({"id":3,"peerURLs":["http://c:1"],"isLearner":true})";
  SimulatedMember member(2);
  MakeDirectory(&member, database);
  member.options.force_new_cluster = true;
  Start(member);
  ExpectImported(member);
  member.options.force_new_cluster = false;
  member.Crash();
  Start(member);
  ExpectImported(member);
  const raft::ConfState alone{.voters = {etcd_id_}};
  EXPECT_EQ(member.server().state()->configuration().ToConfState(), alone);
  EXPECT_EQ(member.server().id(), etcd_id_);
}

// A member of three: five puts, of which the log has three as committed and the database none.
class EtcdImportOfSeveralTest : public EtcdImportTest {
 protected:
  EtcdImportOfSeveralTest() { RunEtcd(1, 1); }
  void MakeDirectoryOfThree(SimulatedMember* member) {
    member->transport = &others_;
    MakeDirectory(member, {{"key", {}}, {"meta", {}}});
    Options options = member->options;
    options.initial_cluster.push_back({"b", {"http://b:1"}});
    options.initial_cluster.push_back({"c", {"http://c:1"}});
    const Founding founding = FoundCluster(options).value();
    self_ = founding.self;
    state_ = {.term = base::Term(3), .vote = founding.members[1].id, .commit = base::Index(6)};
    entries_ = FoundingEntries(founding);
    for (uint64_t index = 4; index <= 8; ++index) entries_.push_back(PutAt(base::Index(index)));
    const std::string path = JoinPath(kMember, "wal");
    ASSERT_TRUE(member->disk().RemoveAll(path).ok());
    ASSERT_TRUE(wal::Log::Create(
                    member->disk(), path, EncodeMetadata({founding.self, founding.cluster}),
                    {.segment_bytes = kSegmentBytes}, {.entries = entries_, .hard_state = state_})
                    .ok());
  }
  static raft::Entry PutAt(base::Index index) {
    etcdserverpb::PutRequest put;
    put.set_key("key" + ToString(index));
    base::Bytes data;
    apply::EncodeEntry(index.value(), {}, InternalRaftRequest::kPutFieldNumber,
                       put.SerializeAsString(), &data);
    return {.term = base::Term(2), .index = index, .data = base::SharedBytes(data)};
  }
  // What is committed is in the keys, what is not behind the mark; the vote is kept.
  void ExpectOneOfThree(SimulatedMember& member) {
    EXPECT_FALSE(member.server().holds_etcd_files());
    EXPECT_FALSE(EtcdWouldStart(member));
    EXPECT_TRUE(Value(member, "key6").has_value());
    EXPECT_FALSE(Value(member, "key7").has_value());
    EXPECT_EQ(member.server().id(), self_);
    EXPECT_EQ(member.server().state()->configuration().ToConfState().voters.size(), 3u);
    member.Kill();
    const std::string path = JoinPath(kMember, "wal");
    const wal::SnapshotMark mark = wal::FindNewestMark(member.disk(), path).value();
    EXPECT_EQ(mark.index, base::Index(6));
    const wal::ReadLog log = wal::Read(member.disk(), path, mark).value();
    EXPECT_EQ(log.contents.hard_state, state_);
    ASSERT_EQ(log.contents.entries.size(), 2u);
    for (size_t i : {0, 1}) {
      EXPECT_EQ(log.contents.entries[i].data.view(), entries_[6 + i].data.view());
      EXPECT_EQ(log.contents.entries[i].term, base::Term(2));
    }
  }

  LostMessages others_;
  base::MemberId self_;
  raft::HardState state_;
  std::vector<raft::Entry> entries_;
};

TEST_F(EtcdImportOfSeveralTest, ItGoesOnWithItsLogAndItsVote) {
  SimulatedMember member(2);
  MakeDirectoryOfThree(&member);
  ASSERT_TRUE(member.Start().ok());
  ExpectOneOfThree(member);
}

TEST_F(EtcdImportOfSeveralTest, APowerFailureAtAnyMomentLosesNothing) {
  for (const CrashMode mode : {CrashMode::kDropUnsynced, CrashMode::kKeepSome}) {
    bool failed = true;
    for (uint64_t change = 1; failed; ++change) {
      SimulatedMember member(change);
      MakeDirectoryOfThree(&member);
      member.disk().FailPowerAfter(change);
      (void)member.Start();
      failed = member.disk().power_failed();
      member.Crash(mode);
      ASSERT_TRUE(member.Start().ok()) << change;
      ExpectOneOfThree(member);
      ASSERT_FALSE(HasFailure()) << "change " << change;
    }
  }
}

TEST_F(EtcdImportTest, ADatabaseAndALogThatDoNotFitAreRefused) {
  RunEtcd(5, 5);
  const Model database = Database();
  Model ahead = database;
  ahead["meta"]["consistent_index"] = std::string("\0\0\0\0\0\0\1\0", 8);
  EXPECT_EQ(Refusal(ahead).code(), base::Code::kDataLoss);
  Model other_term = database;
  other_term["meta"]["term"] = std::string("\0\0\0\0\0\0\0\x09", 8);
  EXPECT_EQ(Refusal(other_term).code(), base::Code::kDataLoss);
  Model odd_record = database;
  odd_record["key"][std::string(17, 'x')] = "no pair";
  EXPECT_EQ(Refusal(odd_record).code(), base::Code::kDataLoss);
  Model odd_member = database;
  odd_member["members"]["no id"] = "";
  EXPECT_EQ(Refusal(odd_member).code(), base::Code::kDataLoss);
}

TEST_F(EtcdImportTest, ADatabaseWithoutALogIsRefused) {
  RunEtcd(5, 5);
  SimulatedMember member(2);
  MakeDirectory(&member, Database());
  ASSERT_TRUE(member.disk().RemoveAll(JoinPath(kMember, "wal")).ok());
  EXPECT_FALSE(member.Start().ok());
  EXPECT_TRUE(Exists(member, "snap/db"));
  EXPECT_FALSE(Exists(member, "wal"));
}

TEST_F(EtcdImportTest, ARunningEtcdIsLeftAlone) {
  RunEtcd(5, 5);
  SimulatedMember member(2);
  MakeDirectory(&member, Database());
  {
    const auto database =
        member.disk().Open(JoinPath(kMember, "snap/db"), runtime::OpenMode::kWrite).value();
    ASSERT_TRUE(database->Lock().ok());
    EXPECT_EQ(member.Start().code(), base::Code::kUnavailable);
    EXPECT_TRUE(EtcdWouldStart(member));
    EXPECT_FALSE(Exists(member, "snap.etcd"));
  }
  Start(member);
  ExpectImported(member);
}

// Until somebody is to be answered etcd's files are where they were, and after a crash at any
// change of the disk the next start has everything.
TEST_F(EtcdImportTest, APowerFailureAtAnyMomentLosesNothing) {
  etcd_.options.snapshot_count = 20;
  RunEtcd(60, 40);
  const Model database = Database();
  const base::Bytes file = BboltFile(database);
  for (const CrashMode mode : {CrashMode::kDropUnsynced, CrashMode::kKeepSome}) {
    bool failed = true;
    for (uint64_t change = 1; failed; ++change) {
      SimulatedMember member(change);
      MakeDirectory(&member, database);
      member.disk().FailPowerAfter(change);
      if (member.Start().ok()) {
        member.RunUntil([&] { return member.ready() || member.disk().power_failed(); });
      }
      const bool was_taken_over = member.ready() && TakeOver(member);
      failed = member.disk().power_failed();
      member.Crash(mode);
      EXPECT_FALSE(EtcdWouldBeginAnew(member)) << change;
      if (EtcdWouldStart(member)) {
        EXPECT_FALSE(was_taken_over) << change;
        EXPECT_EQ(runtime::ReadFile(member.disk(), JoinPath(kMember, "snap/db")).value(), file);
      }
      Start(member);
      ExpectImported(member);
      ASSERT_FALSE(HasFailure()) << "change " << change;
    }
  }
}

TEST_F(EtcdImportTest, AMemberThatNobodyAskedLeavesTheDirectoryToEtcd) {
  RunEtcd(50, 40);
  SimulatedMember member(2);
  MakeDirectory(&member, Database());
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(member.Start().ok());
    ASSERT_TRUE(member.RunUntil([&member] { return member.ready(); }));
    EXPECT_EQ(Hash(member), hash_);
    member.Kill();
    EXPECT_TRUE(EtcdWouldStart(member));
  }
  Start(member);
  ExpectImported(member);
}

// At each change of the disk.
TEST_F(EtcdImportOfSeveralTest, UndoneItIsAsEtcdLeftIt) {
  bool failed = true;
  for (uint64_t change = 1; failed; ++change) {
    SimulatedMember member(change);
    MakeDirectoryOfThree(&member);
    const base::Bytes file = runtime::ReadFile(member.disk(), JoinPath(kMember, "snap/db")).value();
    ASSERT_TRUE(member.Start().ok());
    member.Kill();
    const Paths paths(member.options);
    member.disk().FailPowerAfter(change);
    const base::Status undone = UndoImport(member.disk(), paths);
    failed = member.disk().power_failed();
    EXPECT_EQ(undone.ok(), !failed);
    member.Crash(CrashMode::kDropUnsynced);
    EXPECT_FALSE(EtcdWouldBeginAnew(member)) << change;
    if (EtcdWouldStart(member)) {
      EXPECT_EQ(runtime::ReadFile(member.disk(), JoinPath(kMember, "snap/db")).value(), file);
      EXPECT_EQ(ReadEtcdLog(member.disk(), paths)->entries.size(), entries_.size());
    } else {
      EXPECT_TRUE(failed);
    }
    if (!failed) {
      for (const char* const name : {"snap.etcd", "wal.import", "snap/db.mdb", "README"}) {
        EXPECT_FALSE(Exists(member, name)) << name;
      }
    }
    ASSERT_TRUE(member.Start().ok()) << change;
    ExpectOneOfThree(member);
    ASSERT_FALSE(HasFailure()) << "change " << change;
  }
}

TEST_F(EtcdImportTest, ALogThatWasBeingMadeGoesWithTheRest) {
  RunEtcd(5, 5);
  SimulatedMember member(2);
  MakeDirectory(&member, Database());
  const Paths paths(member.options);
  ASSERT_TRUE(BeginTakeover(member.disk(), paths).ok());
  ASSERT_TRUE(member.disk().CreateDirectories(JoinPath(kMember, "wal.import.tmp")).ok());
  Write(&member, JoinPath(kMember, "wal.import.tmp/0.wal"), "a part");
  EXPECT_TRUE(UndoImport(member.disk(), paths).ok());
  for (const char* const name : {"snap.etcd", "wal.import", "wal.import.tmp"}) {
    EXPECT_FALSE(Exists(member, name)) << name;
  }
}

TEST_F(EtcdImportTest, WhatWasPromisedSinceIsNotUndone) {
  RunEtcd(5, 5);
  SimulatedMember member(2);
  MakeDirectory(&member, Database());
  const Paths paths(member.options);
  EXPECT_EQ(UndoImport(member.disk(), paths).code(), base::Code::kFailedPrecondition);
  Start(member);
  Put(member, "more", "1");
  member.Kill();
  const base::Status refused = UndoImport(member.disk(), paths);
  EXPECT_EQ(refused.code(), base::Code::kFailedPrecondition);
  EXPECT_NE(refused.message().find("has gone on"), std::string::npos);
  Start(member);
  EXPECT_TRUE(Value(member, "more").has_value());
}

TEST_F(EtcdImportTest, ADatabaseThatCameInBetweenIsNotTaken) {
  RunEtcd(5, 5);
  SimulatedMember member(2);
  MakeDirectory(&member, Database());
  ASSERT_TRUE(member.Start().ok());
  member.Kill();
  ASSERT_TRUE(Exists(member, "wal.import"));
  // The move was cut short, and another etcd was founded.
  ASSERT_TRUE(
      member.disk().Rename(JoinPath(kMember, "snap/db"), JoinPath(kMember, "snap.etcd/db")).ok());
  Write(&member, JoinPath(kMember, "snap/db"), "another");
  EXPECT_EQ(member.Start().code(), base::Code::kFailedPrecondition);
  ASSERT_TRUE(member.disk().Remove(JoinPath(kMember, "snap/db")).ok());
  Start(member);
  ExpectImported(member);
}

// The move was cut short behind its first step, and somebody started etcd.
TEST_F(EtcdImportTest, WhatEtcdPromisedInTheMidstIsNotMovedAway) {
  RunEtcd(5, 5);
  SimulatedMember member(2);
  MakeDirectory(&member, Database());
  ASSERT_TRUE(member.Start().ok());
  member.Kill();
  ASSERT_TRUE(
      member.disk().Rename(JoinPath(kMember, "snap/db"), JoinPath(kMember, "snap.etcd/db")).ok());
  Start(etcd_);
  Put(etcd_, "more", "1");
  etcd_.RunFor(std::chrono::seconds(1));
  etcd_.Kill();
  CopyFromEtcd(&member, "wal");
  const auto expect_refused = [&member] {
    const base::Status refused = member.Start();
    EXPECT_EQ(refused.code(), base::Code::kFailedPrecondition);
    EXPECT_NE(refused.message().find("has gone on"), std::string::npos) << refused.ToString();
  };
  expect_refused();
  Write(&member, JoinPath(kMember, "snap/db"), BboltFile(Database()));
  expect_refused();
  // As it is told.
  for (const char* const name : {"snap.etcd", "wal.import", "snap/db.mdb"}) {
    ASSERT_TRUE(member.disk().RemoveAll(JoinPath(kMember, name)).ok());
  }
  Start(member);
  EXPECT_EQ(Value(member, "more"), "1");
}

TEST_F(EtcdImportTest, AnImportThatWasCutShortIsUndone) {
  RunEtcd(5, 5);
  SimulatedMember member(2);
  MakeDirectory(&member, Database());
  ASSERT_TRUE(member.Start().ok());
  member.Kill();
  ASSERT_TRUE(Exists(member, "wal.import"));
  ASSERT_TRUE(UndoImport(member.disk(), Paths(member.options)).ok());
  EXPECT_TRUE(EtcdWouldStart(member));
  for (const char* const name : {"snap.etcd", "wal.import", "snap/db.mdb", "README"}) {
    EXPECT_FALSE(Exists(member, name)) << name;
  }
}

}  // namespace
}  // namespace server
