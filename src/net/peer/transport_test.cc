#include "net/peer/transport.h"

#include <gtest/gtest.h>

#include <string>

#include "net/http/testing/authority.h"
#include "net/http/tls_context.h"
#include "net/peer/peers.h"
#include "net/peer/testing/node.h"

namespace peer {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::AppendOf;
using testing::MessageOf;

constexpr auto kHeartbeat = raft::MessageType::kHeartbeat;

// Three members who know each other.
class TransportTest : public ::testing::Test {
 protected:
  void SetUp() override {
    for (testing::Node* node : nodes()) Tell(*node);
    for (testing::Node* node : nodes()) node->Start();
  }

  std::vector<testing::Node*> nodes() { return {&a_, &b_, &c_}; }
  void Tell(testing::Node& node) {
    node.transport().SetMembers({{a_.AsMember(), b_.AsMember(), c_.AsMember()}, {}});
  }
  bool IsActive(testing::Node& at, testing::Node& peer) {
    return at.transport().ActiveSince(peer.id()).has_value();
  }
  bool RunUntilConnected() {
    return world_.RunUntil([this] {
      for (testing::Node* at : nodes()) {
        for (testing::Node* peer : nodes()) {
          if (at != peer && !IsActive(*at, *peer)) return false;
        }
      }
      return true;
    });
  }
  void Send(testing::Node& from, raft::Message message) {
    std::vector<raft::Message> messages;
    messages.push_back(std::move(message));
    from.transport().Send(std::move(messages));
  }
  bool RunUntilReceived(testing::Node& at, size_t count) {
    return world_.RunUntil([&] { return at.local().messages.size() >= count; });
  }

  testing::World world_{1};
  testing::Node a_{&world_, 0xa};
  testing::Node b_{&world_, 0xb};
  testing::Node c_{&world_, 0xc};
};

TEST_F(TransportTest, MembersFindEachOther) {
  ASSERT_TRUE(RunUntilConnected()) << a_.Log();
  world_.RunFor(seconds(1));
  EXPECT_TRUE(a_.HasLogged("established TCP streaming connection with remote peer"));
  EXPECT_TRUE(a_.HasLogged("peer became active"));
  EXPECT_NE(a_.Metrics().find("etcd_network_active_peers{Local=\"a\",Remote=\"b\"} 1"),
            std::string::npos)
      << a_.Metrics();
  EXPECT_FALSE(a_.transport().ActiveSince(a_.id()).has_value());
  EXPECT_FALSE(a_.transport().ActiveSince(base::MemberId(7)).has_value());
}

TEST_F(TransportTest, MessagesOfEveryKindArrive) {
  ASSERT_TRUE(RunUntilConnected());
  world_.RunFor(seconds(1));
  Send(a_, MessageOf(kHeartbeat, a_.id(), b_.id()));
  ASSERT_TRUE(RunUntilReceived(b_, 1));
  EXPECT_EQ(b_.local().messages[0].type, kHeartbeat);
  EXPECT_EQ(b_.local().messages[0].from, a_.id());
  // Longer than what goes out at once, and than what may wait unsent.
  Send(a_, AppendOf(a_.id(), b_.id(), 5, 3 << 20));
  Send(a_, AppendOf(a_.id(), b_.id(), 6));
  ASSERT_TRUE(RunUntilReceived(b_, 3));
  EXPECT_EQ(b_.local().messages[1].entries[0].data.size(), size_t{3} << 20);
  EXPECT_EQ(b_.local().messages[2].index, base::Index(6));
  EXPECT_TRUE(c_.local().messages.empty());
  EXPECT_TRUE(a_.local().unreachable.empty());
}

TEST_F(TransportTest, SilentStreamsStayUp) {
  ASSERT_TRUE(RunUntilConnected());
  world_.RunFor(seconds(1));
  const auto since = a_.transport().ActiveSince(b_.id());
  world_.RunFor(std::chrono::minutes(10));
  EXPECT_EQ(a_.transport().ActiveSince(b_.id()), since);
  EXPECT_FALSE(a_.HasLogged("lost TCP streaming connection"));
}

TEST_F(TransportTest, AppendsThatWereSentInReverseArriveInOrder) {
  ASSERT_TRUE(RunUntilConnected());
  world_.RunFor(seconds(1));
  Send(a_, AppendOf(a_.id(), b_.id(), 4));
  ASSERT_TRUE(RunUntilReceived(b_, 1));
  std::vector<raft::Message> messages;
  for (const uint64_t index : {9, 8, 7, 6, 5}) {
    messages.push_back(AppendOf(a_.id(), b_.id(), index));
  }
  a_.transport().Send(std::move(messages));
  ASSERT_TRUE(RunUntilReceived(b_, 6));
  for (size_t i = 0; i < 6; ++i) EXPECT_EQ(b_.local().messages[i].index, base::Index(4 + i));
}

TEST_F(TransportTest, AnAppendWhosePredecessorNeverComesIsNotHeldForLong) {
  ASSERT_TRUE(RunUntilConnected());
  world_.RunFor(seconds(1));
  Send(a_, AppendOf(a_.id(), b_.id(), 4));
  Send(a_, AppendOf(a_.id(), b_.id(), 9));
  ASSERT_TRUE(RunUntilReceived(b_, 1));
  world_.RunFor(milliseconds(20));
  EXPECT_EQ(b_.local().messages.size(), 2u);
}

TEST_F(TransportTest, BeforeThereIsAStreamMessagesAreRequests) {
  // Nobody can dial b's peers' streams: b is not told of them yet.
  b_.transport().SetMembers({{}, {}});
  world_.RunFor(seconds(1));
  Send(a_, MessageOf(kHeartbeat, a_.id(), b_.id()));
  ASSERT_TRUE(RunUntilReceived(b_, 1));
  // And it can answer, by what the request said of its sender.
  Send(b_, MessageOf(raft::MessageType::kHeartbeatResp, b_.id(), a_.id()));
  ASSERT_TRUE(RunUntilReceived(a_, 1));
}

TEST_F(TransportTest, ABrokenConnectionIsMadeAgain) {
  ASSERT_TRUE(RunUntilConnected());
  world_.RunFor(seconds(1));
  world_.wires.Break(a_.Host(), b_.Host());
  world_.RunFor(milliseconds(10));
  EXPECT_FALSE(IsActive(a_, b_));
  EXPECT_TRUE(a_.HasLogged("lost TCP streaming connection with remote peer"));
  EXPECT_TRUE(a_.HasLogged("peer became inactive (message send to peer failed)"));
  EXPECT_GT(a_.local().unreachable[b_.id()], 0);
  ASSERT_TRUE(RunUntilConnected());
  world_.RunFor(seconds(1));
  Send(a_, MessageOf(kHeartbeat, a_.id(), b_.id()));
  EXPECT_TRUE(RunUntilReceived(b_, 1));
}

TEST_F(TransportTest, ACutWireIsFoundOutAndNobodyElseSuffers) {
  ASSERT_TRUE(RunUntilConnected());
  world_.RunFor(seconds(1));
  world_.wires.Cut(a_.Host(), b_.Host());
  for (int i = 0; i < 1000; ++i) {
    Send(a_, AppendOf(a_.id(), b_.id(), 5 + i, 200'000));
    Send(a_, AppendOf(a_.id(), c_.id(), 5 + i, 10'000));
    world_.RunFor(milliseconds(1));
    const Peer* const b = a_.transport().shared_peers()->Find(b_.id());
    ASSERT_LE(b->waiting_bytes(), (64u << 20) + 400'000);
  }
  ASSERT_TRUE(RunUntilReceived(c_, 1000));
  EXPECT_TRUE(b_.local().messages.empty());
  EXPECT_GT(a_.local().unreachable[b_.id()], 0);
  EXPECT_EQ(a_.local().unreachable[c_.id()], 0);
  world_.RunFor(seconds(20));
  EXPECT_FALSE(IsActive(a_, b_));
  EXPECT_TRUE(IsActive(a_, c_));
  world_.wires.JoinAll();
  EXPECT_TRUE(RunUntilConnected());
}

TEST_F(TransportTest, AMemberThatTakesNothingLosesMessagesAndNotItsConnection) {
  ASSERT_TRUE(RunUntilConnected());
  world_.RunFor(seconds(1));
  b_.local().is_full = true;
  Send(a_, MessageOf(kHeartbeat, a_.id(), b_.id()));
  world_.RunFor(seconds(1));
  b_.local().is_full = false;
  Send(a_, MessageOf(kHeartbeat, a_.id(), b_.id()));
  ASSERT_TRUE(RunUntilReceived(b_, 1));
  EXPECT_TRUE(IsActive(a_, b_));
  EXPECT_NE(b_.Metrics().find("etcd_network_peer_received_failures_total{From=\"a\"} 1"),
            std::string::npos);
}

TEST_F(TransportTest, ADeadMemberIsReportedAndFoundAgain) {
  ASSERT_TRUE(RunUntilConnected());
  world_.RunFor(seconds(1));
  b_.Kill();
  // What is sent to nobody comes back as a reset.
  world_.wires.Break(a_.Host(), b_.Host());
  world_.RunFor(seconds(3));
  EXPECT_FALSE(IsActive(a_, b_));
  a_.local().unreachable.clear();
  Send(a_, MessageOf(kHeartbeat, a_.id(), b_.id()));
  world_.RunFor(seconds(3));
  EXPECT_EQ(a_.local().unreachable[b_.id()], 1);
  b_.Open();
  Tell(b_);
  b_.Start();
  EXPECT_TRUE(RunUntilConnected());
}

TEST_F(TransportTest, EntriesGoToThoseAloneWhoSayThatTheyUnderstandThem) {
  b_.Kill();
  b_.Open();
  Tell(b_);
  b_.Start({"rules"});
  ASSERT_TRUE(RunUntilConnected());
  a_.transport().SetMembers({{a_.AsMember(), b_.AsMember(), c_.AsMember()}, {}, {"rules"}});
  world_.wires.Break(a_.Host(), c_.Host());
  world_.RunFor(seconds(1));
  EXPECT_TRUE(a_.HasLogged("a remote peer gets no entries"));
  a_.local().unreachable.clear();
  for (testing::Node* to : {&b_, &c_}) Send(a_, AppendOf(a_.id(), to->id(), 5));
  for (testing::Node* to : {&b_, &c_}) Send(a_, MessageOf(kHeartbeat, a_.id(), to->id()));
  ASSERT_TRUE(RunUntilReceived(b_, 2));
  ASSERT_TRUE(RunUntilReceived(c_, 1));
  world_.RunFor(seconds(1));
  ASSERT_EQ(c_.local().messages.size(), 1u);
  EXPECT_EQ(c_.local().messages[0].type, kHeartbeat);
  EXPECT_EQ(a_.local().unreachable[c_.id()], 1);
  EXPECT_EQ(a_.local().unreachable[b_.id()], 0);
}

TEST_F(TransportTest, AMemberThatIsRemovedIsNotSpokenTo) {
  ASSERT_TRUE(RunUntilConnected());
  world_.RunFor(seconds(1));
  a_.transport().SetMembers({{a_.AsMember(), b_.AsMember()}, {c_.id()}});
  b_.transport().SetMembers({{a_.AsMember(), b_.AsMember()}, {c_.id()}});
  world_.RunFor(seconds(1));
  EXPECT_FALSE(IsActive(a_, c_));
  Send(a_, MessageOf(kHeartbeat, a_.id(), c_.id()));
  world_.RunFor(seconds(1));
  EXPECT_TRUE(c_.local().messages.empty());
  // Both others say so.
  EXPECT_EQ(c_.local().removed, 1);
}

TEST_F(TransportTest, OnePeerAloneIsNotBelievedThatThisMemberWasRemoved) {
  ASSERT_TRUE(RunUntilConnected());
  a_.transport().SetMembers({{a_.AsMember(), b_.AsMember()}, {c_.id()}});
  world_.RunFor(std::chrono::minutes(1));
  EXPECT_TRUE(c_.HasLogged("says that this member was removed"));
  EXPECT_EQ(c_.local().removed, 0);
  EXPECT_TRUE(IsActive(c_, b_));
}

TEST_F(TransportTest, AMemberIsFoundAtItsOtherUrls) {
  members::Member b = b_.AsMember();
  b.peer_urls = {"http://nowhere:1", "ftp://x", "https://secure:1", b_.Url()};
  a_.transport().SetMembers({{a_.AsMember(), b, c_.AsMember()}, {}});
  EXPECT_TRUE(RunUntilConnected());
  EXPECT_TRUE(a_.HasLogged("cannot use the peer URL of a member"));
}

TEST_F(TransportTest, TheRoundTripIsMeasuredAndClocksAreCompared) {
  ASSERT_TRUE(RunUntilConnected());
  world_.RunFor(std::chrono::minutes(2));
  EXPECT_NE(a_.Metrics().find("etcd_network_peer_round_trip_time_seconds_count{To=\"b\"} "),
            std::string::npos);
  EXPECT_EQ(a_.Metrics().find("etcd_network_peer_round_trip_time_seconds_count{To=\"b\"} 0"),
            std::string::npos);
  EXPECT_FALSE(a_.HasLogged("prober found high clock drift"));
  b_.Kill();
  world_.RunFor(std::chrono::minutes(1));
  EXPECT_TRUE(a_.HasLogged("prober detected unhealthy status"));
}

TEST_F(TransportTest, WhatIsHandedOverTooFastIsDroppedAndReported) {
  ASSERT_TRUE(RunUntilConnected());
  world_.scheduler.SetPaused(&a_.loop(), true);
  const base::SharedBytes large(std::string(1 << 20, 'x'));
  for (int i = 0; i < 300; ++i) {
    raft::Message message = AppendOf(a_.id(), b_.id(), 5 + i);
    message.entries[0].data = large;
    Send(a_, std::move(message));
  }
  a_.local().unreachable.clear();
  world_.scheduler.SetPaused(&a_.loop(), false);
  world_.RunFor(seconds(1));
  // 44 on their way to the loop, and what an outbox holds no more.
  EXPECT_GT(a_.local().unreachable[b_.id()], 44);
}

TEST_F(TransportTest, NothingIsToldAfterClose) {
  ASSERT_TRUE(RunUntilConnected());
  world_.Do(a_.loop(), [this] { a_.transport().Close(); });
  a_.local().unreachable.clear();
  const size_t received = a_.local().messages.size();
  Send(a_, MessageOf(kHeartbeat, a_.id(), b_.id()));
  Send(b_, MessageOf(kHeartbeat, b_.id(), a_.id()));
  world_.RunFor(seconds(10));
  EXPECT_TRUE(a_.local().unreachable.empty());
  EXPECT_EQ(a_.local().messages.size(), received);
  EXPECT_FALSE(IsActive(b_, a_));
}

// Of what two members say to each other over TLS.
class PeerTlsTest : public ::testing::Test {
 protected:
  // For the host "n<id>", of whose peers certificates of the same authority are asked.
  static testing::Node::Tls TlsOf(const http::testing::Authority& authority, int64_t id) {
    const http::SelfSigned own = authority.Issue(id, "n" + std::to_string(id));
    http::TlsOptions options;
    options.certificate_pem = own.certificate_pem;
    options.key_pem = own.key_pem;
    options.trusted_ca_pem = authority.certificate_pem();
    const auto client = http::TlsContext::New(http::TlsContext::Role::kClient, options);
    options.require_client_certificate = true;
    const auto server = http::TlsContext::New(http::TlsContext::Role::kServer, options);
    return {server.value(), client.value()};
  }
  void Meet(testing::Node& a, testing::Node& b) {
    for (testing::Node* node : {&a, &b}) {
      node->transport().SetMembers({{a.AsMember(), b.AsMember()}, {}});
      node->Start();
    }
    world_.RunUntil([&] { return a.transport().ActiveSince(b.id()).has_value(); });
    world_.RunFor(seconds(2));
  }

  testing::World world_{3};
  const http::testing::Authority authority_{world_.scheduler.clock().WallNow()};
  const http::testing::Authority stranger_{world_.scheduler.clock().WallNow()};
};

TEST_F(PeerTlsTest, MembersWithCertificatesOfOneAuthorityTalk) {
  testing::Node a(&world_, 0xa, TlsOf(authority_, 0xa));
  testing::Node b(&world_, 0xb, TlsOf(authority_, 0xb));
  Meet(a, b);
  EXPECT_TRUE(a.transport().ActiveSince(b.id()).has_value()) << a.Log();
  EXPECT_TRUE(b.transport().ActiveSince(a.id()).has_value());
  a.transport().Send({AppendOf(a.id(), b.id(), 5, 1 << 20)});
  world_.RunFor(seconds(1));
  EXPECT_EQ(b.local().messages.size(), 1u);
}

TEST_F(PeerTlsTest, AStrangerIsNotTalkedTo) {
  testing::Node a(&world_, 0xa, TlsOf(authority_, 0xa));
  testing::Node b(&world_, 0xb, TlsOf(stranger_, 0xb));
  Meet(a, b);
  EXPECT_FALSE(a.transport().ActiveSince(b.id()).has_value());
  EXPECT_FALSE(b.transport().ActiveSince(a.id()).has_value());
  EXPECT_GT(a.rejected, 0);
  a.transport().Send({MessageOf(kHeartbeat, a.id(), b.id())});
  world_.RunFor(seconds(1));
  EXPECT_TRUE(b.local().messages.empty());
  EXPECT_TRUE(a.HasLogged("certificate")) << a.Log();
}

}  // namespace
}  // namespace peer
