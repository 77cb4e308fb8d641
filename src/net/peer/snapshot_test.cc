#include <gtest/gtest.h>

#include <string>

#include "net/http/testing/world.h"
#include "net/peer/peers.h"
#include "net/peer/snapshot_import.h"
#include "net/peer/testing/node.h"
#include "storage/schema/consistent_index.h"

// Snapshots from one member to another, whole and broken.

namespace peer {
namespace {

using schema::Bucket;
using schema::Id;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr base::Index kIndex{42};

// A database whose records cannot be read.
class DamagedReader final : public backend::Reader {
 public:
  base::Result<std::optional<base::ByteView>> Get(backend::BucketId, base::ByteView) override {
    return Damage();
  }
  std::unique_ptr<backend::Cursor> NewCursor(backend::BucketId) override {
    return std::make_unique<Cursor>();
  }
  static base::Status Damage() { return {base::Code::kDataLoss, "checksum mismatch"}; }

 private:
  class Cursor final : public backend::Cursor {
   public:
    base::Status Seek(base::ByteView) override { return Damage(); }
    base::Status SeekToLast() override { return Damage(); }
    base::Status Next() override { return Damage(); }
    base::Status Previous() override { return Damage(); }
    bool valid() const override { return false; }
    base::ByteView key() const override { return {}; }
    base::ByteView value() const override { return {}; }
    void DropPassed() override {}
  };
};

class PeerSnapshotTest : public ::testing::TestWithParam<SnapshotForm> {
 protected:
  void SetUp() override {
    for (testing::Node* node : {&a_, &b_}) {
      node->transport().SetMembers({{a_.AsMember(), b_.AsMember()}, {}});
      node->Start();
    }
    ASSERT_TRUE(
        world_.RunUntil([this] { return a_.transport().ActiveSince(b_.id()).has_value(); }));
    world_.RunFor(seconds(1));
    Peer& b = *a_.transport().shared_peers()->Find(b_.id());
    ASSERT_TRUE(b.takes_records());
    if (GetParam() == SnapshotForm::kImage) b.SetTakesRecords(false);
  }

  // What leaves no room for a database of three megabytes, but for a small one.
  static uint64_t LittleRoom() { return GetParam() == SnapshotForm::kImage ? 4 << 20 : 64 << 10; }
  // A database of about so many bytes, as entry `index` left it.
  std::unique_ptr<backend::Reader> Database(size_t bytes, base::Index index = kIndex) {
    const auto database = backend::NewMemoryDatabase(schema::kBucketNames.size());
    const auto backend = backend::OpenMemoryBackend(database);
    backend::Batch batch;
    runtime::Random random(3);
    for (size_t i = 0; i * 1000 < bytes; ++i) {
      base::Bytes key(17, '\0');
      base::Store64Be(key.data(), i + 2);
      std::string value(1000, '\0');
      for (char& byte : value) byte = static_cast<char>(random.Next());
      batch.Put(Id(Bucket::kKey), key, value);
    }
    batch.Put(Id(Bucket::kMeta), schema::kConfState, R"({"voters":[10,11]})");
    schema::PutConsistentIndex({index, base::Term(1)}, &batch);
    CHECK(backend->Commit(batch).ok());
    return backend->NewReader().value();
  }
  raft::Message Message(uint64_t term = 1) {
    raft::Message message = testing::MessageOf(raft::MessageType::kSnap, a_.id(), b_.id());
    message.term = base::Term(term);
    raft::Snapshot snapshot;
    snapshot.index = kIndex;
    snapshot.term = base::Term(1);
    snapshot.conf_state.voters = {a_.id(), b_.id()};
    message.snapshot = std::make_shared<const raft::Snapshot>(std::move(snapshot));
    return message;
  }
  void Send(raft::Message message, std::unique_ptr<backend::Reader> database) {
    a_.transport().SendSnapshot({std::move(message), std::move(database)});
  }
  bool RunUntilReported() {
    return world_.RunUntil([this] { return !a_.local().snapshots.empty(); });
  }
  std::vector<std::string> Files(testing::Node& node) {
    return node.disk().List(testing::Node::kDirectory).value();
  }
  std::string Value(const std::string& path, size_t i) {
    const auto database = b_.databases().Open(path);
    base::Bytes key(17, '\0');
    base::Store64Be(key.data(), i + 2);
    const auto reader = (*database)->NewReader();
    return std::string((*reader)->Get(Id(Bucket::kKey), key).value().value_or("none"));
  }

  testing::World world_{5};
  testing::Node a_{&world_, 0xa};
  testing::Node b_{&world_, 0xb};
};

TEST_P(PeerSnapshotTest, ASnapshotIsWholeAndInItsPlaceBeforeItsMessageComes) {
  Send(Message(), Database(3 << 20));
  ASSERT_TRUE(world_.RunUntil([this] { return !b_.local().messages.empty(); })) << b_.Log();
  EXPECT_EQ(b_.local().messages[0].type, raft::MessageType::kSnap);
  EXPECT_EQ(b_.local().messages[0].snapshot->index, kIndex);
  const std::string path = b_.local().ReceivedDatabasePath(kIndex);
  ASSERT_TRUE(b_.disk().Exists(path).value());
  EXPECT_EQ(Value(path, 5).size(), 1000u);
  EXPECT_EQ(Value(path, 3000).size(), 1000u);
  ASSERT_TRUE(RunUntilReported());
  EXPECT_EQ(a_.local().snapshots[0], std::make_pair(b_.id(), true));
  world_.RunFor(seconds(1));
  EXPECT_EQ(Files(b_), std::vector<std::string>{"42.snap.mdb"});
  EXPECT_TRUE(Files(a_).empty());
  EXPECT_NE(a_.Metrics().find("etcd_network_snapshot_send_success{To=\"b\"} 1"), std::string::npos);
  EXPECT_NE(a_.Metrics().find("etcd_network_snapshot_send_inflights_total{To=\"b\"} 0"),
            std::string::npos);
  EXPECT_NE(b_.Metrics().find("etcd_network_snapshot_receive_success{From=\"a\"} 1"),
            std::string::npos);
  EXPECT_NE(b_.Metrics().find("etcd_network_snapshot_receive_inflights_total{From=\"a\"} 0"),
            std::string::npos);
}

TEST_P(PeerSnapshotTest, AnImageIsWrittenDownAndRecordsBecomeADatabaseAsTheyCome) {
  Send(Message(), Database(3 << 20));
  ASSERT_TRUE(world_.RunUntil([this] { return !Files(b_).empty(); }));
  const bool is_image = GetParam() == SnapshotForm::kImage;
  EXPECT_EQ(Files(b_)[0], is_image ? "1.receiving" : "1.receiving.mdb");
  ASSERT_TRUE(RunUntilReported());
  EXPECT_TRUE(a_.local().snapshots[0].second);
}

TEST_P(PeerSnapshotTest, OneThatIsOfAnotherEntryIsRefused) {
  Send(Message(), Database(1000, kIndex + 1));
  ASSERT_TRUE(RunUntilReported());
  EXPECT_EQ(a_.local().snapshots[0], std::make_pair(b_.id(), false));
  EXPECT_TRUE(a_.HasLogged("should be of entry 42 and is of entry 43")) << a_.Log();
  world_.RunFor(seconds(1));
  EXPECT_TRUE(b_.local().messages.empty());
  EXPECT_TRUE(Files(b_).empty());
}

// Its database would lie there until the next start.
TEST_P(PeerSnapshotTest, OfOneThatTheMemberHasNoUseForTheMessageAloneIsTaken) {
  b_.local().last_applied = kIndex;
  Send(Message(), Database(3 << 20));
  ASSERT_TRUE(RunUntilReported());
  EXPECT_EQ(a_.local().snapshots[0], std::make_pair(b_.id(), true));
  EXPECT_EQ(b_.local().messages.size(), 1u);
  EXPECT_TRUE(Files(b_).empty());
}

TEST_P(PeerSnapshotTest, OneThatBreaksOffLeavesNothing) {
  Send(Message(), Database(3 << 20));
  ASSERT_TRUE(world_.RunUntil([this] { return !Files(b_).empty(); }));
  world_.wires.Break(a_.Host(), b_.Host());
  ASSERT_TRUE(RunUntilReported());
  EXPECT_EQ(a_.local().snapshots[0], std::make_pair(b_.id(), false));
  EXPECT_GT(a_.local().unreachable[b_.id()], 0);
  world_.RunFor(seconds(2));
  EXPECT_TRUE(Files(b_).empty());
  EXPECT_TRUE(b_.local().messages.empty());
  EXPECT_EQ(b_.transport().shared_peers()->snapshots().under_way(), 0u);
  // The next one arrives.
  Send(Message(), Database(1000));
  EXPECT_TRUE(world_.RunUntil([this] { return !b_.local().messages.empty(); }));
}

TEST_P(PeerSnapshotTest, DamageThatIsMetMeanwhileIsReported) {
  Send(Message(), std::make_unique<DamagedReader>());
  ASSERT_TRUE(RunUntilReported());
  EXPECT_EQ(a_.local().snapshots[0], std::make_pair(b_.id(), false));
  EXPECT_EQ(a_.local().damages, std::vector<base::Status>{DamagedReader::Damage()});
  EXPECT_TRUE(b_.local().damages.empty());
}

TEST_P(PeerSnapshotTest, ADeathAmidOneLeavesWhatTheNextStartRemoves) {
  Send(Message(), Database(3 << 20));
  ASSERT_TRUE(world_.RunUntil([this] { return !Files(b_).empty(); }));
  b_.Kill();
  world_.wires.Break(a_.Host(), b_.Host());
  ASSERT_TRUE(RunUntilReported());
  EXPECT_FALSE(a_.local().snapshots[0].second);
  CHECK(b_.disk().Open("/data/member/snap/9.receiving.mdb", runtime::OpenMode::kCreate).ok());
  CHECK(b_.disk().Open("/data/member/snap/db.mdb", runtime::OpenMode::kCreate).ok());
  b_.Open();
  EXPECT_TRUE(b_.transport().RemoveUnfinished().ok());
  EXPECT_EQ(Files(b_), std::vector<std::string>{"db.mdb"});
}

TEST_P(PeerSnapshotTest, ADiskWithoutRoomRefusesIt) {
  b_.disk().SetCapacity(LittleRoom());
  Send(Message(), Database(3 << 20));
  ASSERT_TRUE(RunUntilReported());
  EXPECT_FALSE(a_.local().snapshots[0].second);
  EXPECT_TRUE(a_.HasLogged("failed to save KV snapshot")) << a_.Log();
  world_.RunFor(seconds(1));
  EXPECT_TRUE(Files(b_).empty());
}

TEST_P(PeerSnapshotTest, AfterAFailureThePeerIsLeftAloneForAWhile) {
  const auto sent = [this] {
    const std::string log = a_.Log();
    size_t count = 0;
    for (size_t at = 0; (at = log.find("sending database snapshot", at)) != log.npos; ++at) ++count;
    return count;
  };
  b_.disk().SetCapacity(LittleRoom());
  Send(Message(), Database(3 << 20));
  ASSERT_TRUE(RunUntilReported());
  for (int i = 0; i < 100; ++i) {
    Send(Message(), Database(1000));
    world_.RunFor(milliseconds(1));
  }
  EXPECT_EQ(a_.local().snapshots.size(), 101u);
  EXPECT_EQ(sent(), 1u);
  world_.RunFor(SnapshotSender::kPauseMin);
  Send(Message(), Database(1000));
  ASSERT_TRUE(world_.RunUntil([&] { return a_.local().snapshots.size() == 102; }));
  EXPECT_TRUE(a_.local().snapshots.back().second);
  EXPECT_EQ(sent(), 2u);
}

TEST_P(PeerSnapshotTest, AMemberThatTakesNothingIsToldAsAFailure) {
  b_.local().is_full = true;
  Send(Message(), Database(1000));
  ASSERT_TRUE(RunUntilReported());
  EXPECT_FALSE(a_.local().snapshots[0].second);
}

TEST_P(PeerSnapshotTest, WhileOneIsUnderWayAnotherOfItsTermIsRefused) {
  world_.wires.SetLatency(milliseconds(20), milliseconds(40));
  Send(Message(), Database(5 << 20));
  world_.RunFor(milliseconds(200));
  Send(Message(), Database(1000));
  ASSERT_TRUE(RunUntilReported());
  EXPECT_FALSE(a_.local().snapshots[0].second);
  ASSERT_TRUE(world_.RunUntil([this] { return a_.local().snapshots.size() == 2; }));
  EXPECT_TRUE(a_.local().snapshots[1].second);
}

TEST_P(PeerSnapshotTest, OneOfALaterTermTakesThePlaceOfTheOneBefore) {
  world_.wires.SetLatency(milliseconds(20), milliseconds(40));
  Send(Message(1), Database(5 << 20));
  world_.RunFor(milliseconds(200));
  Send(Message(2), Database(1000));
  ASSERT_TRUE(world_.RunUntil([this] { return !b_.local().messages.empty(); })) << b_.Log();
  EXPECT_EQ(b_.local().messages[0].term, base::Term(2));
  world_.RunFor(std::chrono::minutes(1));
  EXPECT_EQ(a_.local().snapshots.size(), 1u);
  EXPECT_TRUE(a_.local().snapshots[0].second);
  EXPECT_EQ(b_.local().messages.size(), 1u);
}

TEST_P(PeerSnapshotTest, AStoppedReceiverHoldsUpNobodyAndCostsLittle) {
  Send(Message(), Database(5 << 20));
  world_.scheduler.SetPaused(&b_.loop(), true);
  world_.RunFor(seconds(30));
  EXPECT_TRUE(a_.local().snapshots.empty());
  world_.scheduler.SetPaused(&b_.loop(), false);
  ASSERT_TRUE(RunUntilReported());
  EXPECT_TRUE(a_.local().snapshots[0].second);
}

TEST_P(PeerSnapshotTest, OneToAnUnknownMemberIsReported) {
  raft::Message message = Message();
  message.to = base::MemberId(7);
  Send(std::move(message), Database(1000));
  ASSERT_TRUE(RunUntilReported());
  EXPECT_EQ(a_.local().snapshots[0], std::make_pair(base::MemberId(7), false));
}

TEST_P(PeerSnapshotTest, OneToAMemberThatWouldNotUnderstandItIsReported) {
  a_.transport().SetMembers({{a_.AsMember(), b_.AsMember()}, {}, {"rules"}});
  Send(Message(), Database(1000));
  ASSERT_TRUE(RunUntilReported());
  EXPECT_FALSE(a_.local().snapshots[0].second);
  world_.RunFor(seconds(1));
  EXPECT_TRUE(b_.local().messages.empty());
}

TEST_P(PeerSnapshotTest, OneToADeadMemberIsReported) {
  b_.Kill();
  world_.RunFor(seconds(1));
  Send(Message(), Database(1000));
  ASSERT_TRUE(RunUntilReported());
  EXPECT_FALSE(a_.local().snapshots[0].second);
}

INSTANTIATE_TEST_SUITE_P(Forms, PeerSnapshotTest,
                         ::testing::Values(SnapshotForm::kImage, SnapshotForm::kRecords),
                         [](const auto& form) {
                           return form.param == SnapshotForm::kImage ? "Image" : "Records";
                         });

}  // namespace
}  // namespace peer
