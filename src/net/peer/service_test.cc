#include "net/peer/service.h"

#include <gtest/gtest.h>

#include <string>

#include "net/http/testing/world.h"
#include "net/peer/peers.h"
#include "net/peer/stream_codec.h"
#include "net/peer/testing/node.h"
#include "raft/codec.h"
#include "storage/schema/consistent_index.h"
#include "storage/snap/record_stream.h"
#include "storage/snap/testing/model_source.h"

namespace peer {
namespace {

using std::chrono::seconds;
using testing::MessageOf;

constexpr auto kHeartbeat = raft::MessageType::kHeartbeat;

// What a request says of its sender.
struct Head {
  std::string version = "3.7.1";
  std::string min_version = "3.0.0";
  std::string cluster = "c1";
  std::string to = "a";
  std::string from = "b";
};

// A member, and somebody who sends it what he likes.
class PeerPortTest : public ::testing::Test {
 protected:
  PeerPortTest()
      : loop_(world_.scheduler.NewLoop("raw")), network_(world_.wires.NewNetwork("raw", loop())) {}
  void SetUp() override {
    a_.transport().SetMembers(
        {{a_.AsMember(), MemberOf(0xb), MemberOf(0xc)}, {base::MemberId(0xdead)}});
    a_.Start();
  }
  void TearDown() override {
    world_.Do(*loop_, [this] {
      raw_.reset();
      network_.reset();
    });
  }

  runtime::Loop* loop() { return loop_.get(); }
  static members::Member MemberOf(uint64_t id) {
    return {.id = base::MemberId(id),
            .peer_urls = {"http://raw:2380"},
            .is_learner = false,
            .name = {},
            .client_urls = {}};
  }

  http::testing::RawClient& Connect() {
    std::unique_ptr<runtime::Connecting> attempt;
    world_.Do(*loop_, [this, &attempt] {
      raw_.reset();
      attempt = network_->Connect({a_.Host(), testing::Node::kPort, ""}, [this](auto stream) {
        raw_ = std::make_unique<http::testing::RawClient>(std::move(stream).value());
      });
    });
    EXPECT_TRUE(world_.RunUntil([this] { return raw_ != nullptr; }));
    return *raw_;
  }
  // What is answered to these bytes within a second.
  std::string Ask(const std::string& bytes) {
    http::testing::RawClient& raw = Connect();
    world_.Do(*loop_, [&] { raw.Send(bytes); });
    world_.RunFor(seconds(1));
    return raw.received();
  }

  // `fields` are lines of the head besides.
  static std::string Request(const std::string& line, const Head& head,
                             const std::string& body = "", const std::string& fields = "") {
    return line + " HTTP/1.1\r\nHost: a\r\nX-Server-From: " + head.from +
           "\r\nX-Server-Version: " + head.version +
           "\r\nX-Min-Cluster-Version: " + head.min_version +
           "\r\nX-Etcd-Cluster-ID: " + head.cluster + "\r\nX-Raft-To: " + head.to +
           "\r\nX-PeerURLs: http://raw:2380\r\n" + fields +
           (body.empty() ? "" : "Content-Length: " + std::to_string(body.size()) + "\r\n") +
           "\r\n" + body;
  }
  static std::string Request(const std::string& line) { return Request(line, Head()); }
  // "412 incompatible version", or with fields.
  static std::string Brief(const std::string& answer) {
    const size_t body = answer.find("\r\n\r\n");
    return answer.substr(9, 4) + (body == answer.npos ? "" : answer.substr(body + 4));
  }
  std::string Post(const raft::Message& message, const Head& head = Head()) {
    base::Bytes body;
    raft::Encode(message, &body);
    return Brief(Ask(Request("POST /raft", head, body)));
  }

  testing::World world_{7};
  testing::Node a_{&world_, 0xa};
  std::unique_ptr<runtime::Loop> loop_;
  std::unique_ptr<runtime::Network> network_;
  std::unique_ptr<http::testing::RawClient> raw_;
};

TEST_F(PeerPortTest, StreamsAreAnsweredAsEtcdDoes) {
  const std::string stream = Ask(Request("GET /raft/stream/message/b"));
  EXPECT_EQ(stream.substr(0, 15), "HTTP/1.1 200 OK");
  EXPECT_NE(stream.find("X-Server-Version: 3.7.1\r\n"), stream.npos) << stream;
  EXPECT_NE(stream.find("X-Etcd-Cluster-Id: c1\r\n"), stream.npos) << stream;
  EXPECT_NE(stream.find("Transfer-Encoding: chunked\r\n"), stream.npos) << stream;
  EXPECT_EQ(stream.substr(stream.find("\r\n\r\n")), "\r\n\r\n");
}

TEST_F(PeerPortTest, StreamsThatCannotBeAreRefusedInTheOrderOfEtcdsChecks) {
  const auto get = [this](const std::string& path, const Head& head = Head()) {
    return Brief(Ask(Request("GET " + path, head)));
  };
  EXPECT_EQ(Brief(Ask(Request("POST /raft/stream/message/b", {.version = "1"}))),
            "405 Method Not Allowed\n");
  EXPECT_EQ(get("/raft/stream/msgappv2/b", {.version = "2.3.0", .cluster = "d"}),
            "412 incompatible version\n");
  EXPECT_EQ(get("/raft/stream/msgappv2/b", {.cluster = "d"}), "412 cluster ID mismatch\n");
  EXPECT_EQ(get("/raft/stream/msgappv2/x", {.to = "e"}), "404 invalid path\n");
  EXPECT_EQ(get("/raft/stream/", {.to = "e"}), "404 invalid path\n");
  EXPECT_EQ(get("/raft/stream/message/x", {.to = "e"}), "404 invalid from\n");
  EXPECT_EQ(get("/raft/stream/message/", {.to = "e"}), "404 invalid from\n");
  EXPECT_EQ(get("/raft/stream/message", {.to = "e"}), "404 invalid path\n");
  EXPECT_EQ(get("/raft/stream/message/b/c", {.to = "e"}), "404 invalid path\n");
  EXPECT_EQ(get("/raft/stream/message/dead", {.to = "e"}), "410 removed member\n");
  EXPECT_EQ(get("/raft/stream/message/f", {.to = "e"}), "404 error sender not found\n");
  EXPECT_EQ(get("/raft/stream/message/b", {.to = "e"}), "412 to field mismatch\n");
  for (const Head& head : {Head(), Head{.cluster = "d"}}) {
    const std::string refused = Ask(Request("GET /raft/stream/message/f", head));
    EXPECT_NE(refused.find("X-Server-Version: 3.7.1\r\n"), refused.npos) << refused;
    EXPECT_NE(refused.find("X-Etcd-Cluster-Id: c1\r\n"), refused.npos) << refused;
    EXPECT_NE(refused.find("X-Content-Type-Options: nosniff\r\n"), refused.npos) << refused;
  }
}

TEST_F(PeerPortTest, ASecondStreamOfAKindEndsTheFirst) {
  http::testing::RawClient& first = Connect();
  world_.Do(*loop_, [&] { first.Send(Request("GET /raft/stream/message/b")); });
  world_.RunFor(seconds(1));
  const auto kept = std::move(raw_);
  Ask(Request("GET /raft/stream/message/b"));
  EXPECT_TRUE(kept->ended());
  EXPECT_FALSE(raw_->ended());
  a_.transport().Send({MessageOf(kHeartbeat, a_.id(), base::MemberId(0xb))});
  world_.RunFor(seconds(1));
  EXPECT_GT(raw_->received().size(), kept->received().size());
}

TEST_F(PeerPortTest, AStreamCarriesMessagesAndLinkHeartbeats) {
  Ask(Request("GET /raft/stream/message/b"));
  const raft::Message message = MessageOf(kHeartbeat, a_.id(), base::MemberId(0xb));
  a_.transport().Send({message});
  world_.RunFor(std::chrono::milliseconds(100));
  base::Bytes encoded;
  NewEncoder(StreamKind::kMessages)->Encode(message, &encoded);
  EXPECT_NE(raw_->received().find("\r\n" + encoded + "\r\n"), std::string::npos);
  world_.RunFor(seconds(2));
  EXPECT_NE(raw_->received().find(base::Bytes("\r\na\r\n\0\0\0\0\0\0\0\2\x08\x08\r\n", 17)),
            std::string::npos);
}

TEST_F(PeerPortTest, AStreamWhoseReaderStopsIsEndedAndBounded) {
  Ask(Request("GET /raft/stream/msgapp/b"));
  world_.Do(*loop_, [this] { raw_->PauseReading(); });
  for (int i = 0; i < 200; ++i) {
    a_.transport().Send({testing::AppendOf(a_.id(), base::MemberId(0xb), 5 + i, 1 << 20)});
    world_.RunFor(std::chrono::milliseconds(1));
    ASSERT_LE(a_.server().held_bytes(), 8u << 20);
  }
  EXPECT_GT(a_.local().unreachable[base::MemberId(0xb)], 100);
  world_.RunFor(seconds(10));
  EXPECT_TRUE(a_.HasLogged("lost TCP streaming connection with remote peer"));
}

TEST_F(PeerPortTest, SingleMessagesAreTakenOrRefusedAsEtcdDoes) {
  const base::MemberId b(0xb);
  EXPECT_EQ(Post(MessageOf(kHeartbeat, b, a_.id())), "204 ");
  ASSERT_EQ(a_.local().messages.size(), 1u);
  EXPECT_EQ(a_.local().messages[0].from, b);
  EXPECT_EQ(Brief(Ask(Request("GET /raft", {.version = "1"}))), "405 Method Not Allowed\n");
  EXPECT_EQ(Post(MessageOf(kHeartbeat, b, a_.id()), {.cluster = "d"}), "412 cluster ID mismatch\n");
  EXPECT_EQ(Post(MessageOf(kHeartbeat, b, a_.id()), {.version = "2.0.0"}),
            "412 incompatible version\n");
  EXPECT_EQ(Post(MessageOf(kHeartbeat, base::MemberId(0xdead), a_.id())),
            "403 {\"message\":\"cannot process message from removed member\"}");
  EXPECT_EQ(Post(MessageOf(kHeartbeat, b, base::MemberId(0xe))), "412 to field mismatch\n");
  EXPECT_EQ(Post(MessageOf(raft::MessageType::kSnap, b, a_.id())),
            "500 error processing raft message\n");
  EXPECT_EQ(Brief(Ask(Request("POST /raft", Head(), "\xff\xff"))),
            "400 error unmarshalling raft message\n");
  a_.local().is_full = true;
  EXPECT_EQ(Post(MessageOf(kHeartbeat, b, a_.id())), "500 error processing raft message\n");
  EXPECT_EQ(a_.local().messages.size(), 1u);
}

// It would end each member that met it in its log, for good.
TEST_F(PeerPortTest, AProposalThatIsNoRequestIsNotTaken) {
  raft::Message proposal = MessageOf(raft::MessageType::kProp, base::MemberId(0xb), a_.id());
  proposal.entries = {{.data = base::SharedBytes(std::string("\x22\x00", 2))}};  // a put
  EXPECT_EQ(Post(proposal), "204 ");
  proposal.entries.push_back({.data = base::SharedBytes(std::string("\xff\xff\xff\xff"))});
  EXPECT_EQ(Post(proposal), "500 error processing raft message\n");
  EXPECT_EQ(a_.local().messages.size(), 1u);
}

TEST_F(PeerPortTest, SnapshotsWithoutAMessageAreRefusedInEtcdsWords) {
  const auto post = [this](uint64_t length, const std::string& message) {
    std::string body(8, '\0');
    base::Store64Be(body.data(), length);
    return Brief(Ask(Request("POST /raft/snapshot", Head(), body + message)));
  };
  EXPECT_EQ(post(2, "\xff\xff"),
            "400 failed to decode raft message (proto: cannot parse invalid wire-format data)\n");
  EXPECT_EQ(post(uint64_t{1} << 40, ""),
            "400 failed to decode raft message (rafthttp: error limit exceeded)\n");
  EXPECT_EQ(post(3, "\x08"), "400 failed to decode raft message (unexpected EOF)\n");
  EXPECT_EQ(post(0, ""), "400 wrong raft message type\n");
  base::Bytes heartbeat;
  raft::Encode(MessageOf(kHeartbeat, base::MemberId(0xb), a_.id()), &heartbeat);
  EXPECT_EQ(post(heartbeat.size(), heartbeat), "400 wrong raft message type\n");
}

constexpr char kRecordsField[] = "X-Cornerstore-Snapshot: records\r\n";

TEST_F(PeerPortTest, APeerTakesRecordsIfItsLastRequestSaysSo) {
  const Peer& b = *a_.transport().shared_peers()->Find(base::MemberId(0xb));
  const std::string stream = "GET /raft/stream/message/b";
  const auto takes_records_after = [&](const std::string& fields) {
    EXPECT_EQ(Ask(Request(stream, Head(), "", fields)).substr(0, 15), "HTTP/1.1 200 OK");
    return b.takes_records();
  };
  EXPECT_FALSE(b.takes_records());
  EXPECT_FALSE(takes_records_after(""));
  EXPECT_TRUE(takes_records_after(kRecordsField));
  EXPECT_FALSE(takes_records_after("X-Cornerstore-Snapshot: other\r\n"));
  EXPECT_TRUE(takes_records_after(kRecordsField));
  EXPECT_FALSE(takes_records_after(""));
  // A member that joins has no streams.
  base::Bytes heartbeat;
  raft::Encode(MessageOf(kHeartbeat, base::MemberId(0xb), a_.id()), &heartbeat);
  EXPECT_EQ(Brief(Ask(Request("POST /raft", Head(), heartbeat, kRecordsField))), "204 ");
  EXPECT_TRUE(b.takes_records());
  EXPECT_EQ(Post(MessageOf(kHeartbeat, base::MemberId(0xb), a_.id())), "204 ");
  EXPECT_FALSE(b.takes_records());
}

TEST_F(PeerPortTest, AMemberSaysThatItTakesRecordsWithTheStreamsThatItGives) {
  const std::string stream = Ask(Request("GET /raft/stream/message/b"));
  EXPECT_NE(stream.find("X-Cornerstore-Snapshot: records\r\n"), stream.npos) << stream;
}

// Snapshots as records, of entry 42.
class RecordsPortTest : public PeerPortTest {
 protected:
  static snap::testing::Model WholeDatabase() {
    backend::Batch batch;
    schema::PutConsistentIndex({base::Index(42), base::Term(1)}, &batch);
    snap::testing::Model model = {{"key", {{std::string(17, 'k'), "value"}}}};
    for (const backend::Batch::Operation& operation : batch.operations()) {
      model["meta"].emplace(batch.key(operation), batch.value(operation));
    }
    return model;
  }
  static base::Bytes StreamOf(const snap::testing::Model& model) {
    snap::testing::ModelSource source(&model);
    snap::RecordStreamWriter writer(&source);
    base::Bytes stream;
    EXPECT_FALSE(writer.Write(1 << 20, &stream).value());
    return stream;
  }
  std::string PostRecords(const base::Bytes& stream, const std::string& fields = kRecordsField) {
    raft::Message message = MessageOf(raft::MessageType::kSnap, base::MemberId(0xb), a_.id());
    raft::Snapshot snapshot;
    snapshot.index = base::Index(42);
    snapshot.term = base::Term(1);
    snapshot.conf_state.voters = {a_.id()};
    message.snapshot = std::make_shared<const raft::Snapshot>(std::move(snapshot));
    base::Bytes body(8, '\0');
    raft::Encode(message, &body);
    base::Store64Be(body.data(), body.size() - 8);
    return Brief(Ask(Request("POST /raft/snapshot", Head(), body + stream, fields)));
  }
  void ExpectNothingIsLeft() {
    world_.RunFor(seconds(1));
    EXPECT_TRUE(a_.local().messages.empty());
    EXPECT_TRUE(a_.disk().List(testing::Node::kDirectory)->empty());
  }
};

TEST_F(RecordsPortTest, AreTakenWithTheirEnd) {
  EXPECT_EQ(PostRecords(StreamOf(WholeDatabase())), "204 ");
  EXPECT_EQ(a_.local().messages.size(), 1u);
  EXPECT_EQ(*a_.disk().List(testing::Node::kDirectory), std::vector<std::string>{"42.snap.mdb"});
}

TEST_F(RecordsPortTest, CutOffAnywhereTheyAreRefusedAndLeaveNothing) {
  const base::Bytes stream = StreamOf(WholeDatabase());
  for (size_t bytes = 0; bytes < stream.size(); ++bytes) {
    EXPECT_NE(PostRecords(stream.substr(0, bytes)).find("has no end"), std::string::npos) << bytes;
  }
  ExpectNothingIsLeft();
}

TEST_F(RecordsPortTest, DamagedAnywhereTheyAreRefusedAndLeaveNothing) {
  const base::Bytes stream = StreamOf(WholeDatabase());
  for (size_t at = 0; at < stream.size(); ++at) {
    base::Bytes damaged = stream;
    damaged[at] = static_cast<char>(damaged[at] ^ 1);
    EXPECT_EQ(PostRecords(damaged).substr(0, 30), "500 failed to save KV snapshot") << at;
  }
  ExpectNothingIsLeft();
}

TEST_F(RecordsPortTest, OfABucketThatIsNotKnownTheyAreRefused) {
  snap::testing::Model model = WholeDatabase();
  model["of another program"] = {};
  EXPECT_EQ(PostRecords(StreamOf(model)),
            "500 failed to save KV snapshot (a database with a bucket \"of another program\" is "
            "not supported by this version)\n");
  ExpectNothingIsLeft();
}

TEST_F(RecordsPortTest, AreRefusedInAFormThatIsNotKnownOrWithoutTheirField) {
  EXPECT_EQ(PostRecords(StreamOf(WholeDatabase()), "X-Cornerstore-Snapshot: pages\r\n"),
            "400 unknown form of a snapshot\n");
  EXPECT_EQ(PostRecords(StreamOf(WholeDatabase()), "").substr(0, 30),
            "500 failed to save KV snapshot");
  ExpectNothingIsLeft();
}

TEST_F(PeerPortTest, BodiesAreBounded) {
  const std::string head =
      "POST /raft HTTP/1.1\r\nHost: a\r\nX-Server-Version: 3.7.1\r\n"
      "X-Min-Cluster-Version: 3.0.0\r\nX-Etcd-Cluster-ID: c1\r\n"
      "Content-Length: 70000000\r\n\r\n";
  http::testing::RawClient& raw = Connect();
  world_.Do(*loop_, [&] { raw.Send(head); });
  for (int i = 0; i < 70 && raw.received().empty(); ++i) {
    world_.Do(*loop_, [&] { raw.Send(std::string(1'000'000, 'x')); });
    EXPECT_TRUE(world_.RunUntil([&] { return raw.unsent().empty() || raw.ended(); }));
  }
  EXPECT_EQ(Brief(raw.received()), "400 error reading raft message\n");
  EXPECT_LE(a_.server().held_bytes(), 2u << 20);
}

TEST_F(PeerPortTest, MembersAndTheTimeAreTold) {
  EXPECT_EQ(Brief(Ask(Request("GET /members"))),
            R"(200 [{"id":10,"peerURLs":["http://n10:2380"],"name":"n10"},)"
            R"({"id":11,"peerURLs":["http://raw:2380"]},)"
            R"({"id":12,"peerURLs":["http://raw:2380"]}])"
            "\n");
  const std::string probe = Ask("GET /raft/probing HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(Brief(probe).substr(0, 24), "200 {\"OK\":true,\"Now\":\"19") << probe;
  EXPECT_EQ(Brief(Ask("GET /v3/kv/range HTTP/1.1\r\nHost: a\r\n\r\n")), "404 404 page not found\n");
}

TEST_F(PeerPortTest, NobodyIsServedBeforeTheStart) {
  testing::Node e(&world_, 0xe);
  std::unique_ptr<runtime::Connecting> attempt;
  world_.Do(*loop_, [&] {
    attempt = network_->Connect({e.Host(), testing::Node::kPort, ""}, [this](auto stream) {
      raw_ = std::make_unique<http::testing::RawClient>(std::move(stream).value());
    });
  });
  ASSERT_TRUE(world_.RunUntil([this] { return raw_ != nullptr; }));
  world_.Do(*loop_, [this] { raw_->Send(Request("GET /raft/stream/message/b")); });
  world_.RunFor(seconds(1));
  EXPECT_EQ(Brief(raw_->received()).substr(0, 3), "503");
}

TEST_F(PeerPortTest, GarbageHarmsNobody) {
  runtime::Random random(1);
  for (int i = 0; i < 200; ++i) {
    std::string bytes = i % 2 == 0 ? Request("POST /raft/snapshot") : Request("POST /raft");
    for (int k = 0; k < 20; ++k) {
      bytes[random.Between(0, bytes.size() - 1)] = static_cast<char>(random.Between(0, 255));
    }
    Ask(bytes);
  }
  EXPECT_EQ(Post(MessageOf(kHeartbeat, base::MemberId(0xb), a_.id())), "204 ");
}

}  // namespace
}  // namespace peer
