#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/errors.h"
#include "net/http/client.h"
#include "net/peer/member_endpoints.h"
#include "net/peer/peer_headers.h"
#include "net/peer/peers.h"
#include "net/peer/testing/node.h"
#include "proto/raft_internal.pb.h"
#include "proto/rpc.pb.h"
#include "server/lease_requests.h"
#include "server/log_writer.h"
#include "server/server.h"

// Whole members over their transports.

namespace peer {
namespace {

using std::chrono::seconds;

class Member {
 public:
  Member(testing::World* world, uint64_t host, const server::Options& options)
      : world_(*world), node_(world, host), options_(options) {
    options_.name = node_.Host();
    options_.data_dir = "/data";
    for (auto* loop : {&net_loop_, &raft_loop_, &apply_loop_, &wal_loop_, &backend_loop_}) {
      *loop = world->scheduler.NewLoop("loop");
    }
  }
  // Its peers are the last that it leaves: time goes on meanwhile.
  ~Member() {
    if (server_ != nullptr) world_.Do(node_.loop(), [this] { node_.transport().Close(); });
    server_.reset();
    for (auto* loop : {&net_loop_, &raft_loop_, &apply_loop_, &wal_loop_, &backend_loop_}) {
      loop->reset();
    }
    node_.Kill();
  }

  server::InitialMember AsInitial() const { return {node_.Host(), {node_.Url()}}; }
  const std::string Host() const { return node_.Host(); }

  void Start(std::vector<server::InitialMember> cluster) {
    options_.initial_cluster = std::move(cluster);
    server::Environment& environment = node_.environment();
    environment.raft_loop = raft_loop_.get();
    environment.apply_loop = apply_loop_.get();
    environment.wal_loop = wal_loop_.get();
    environment.backend_loop = backend_loop_.get();
    environment.transport = &node_.transport();
    environment.on_failure = [this](const base::Status& why) { failure_ = why; };
    environment.seed = world_.scheduler.random().Next();
    auto server = server::Server::Open(options_, environment, {net_loop_.get()});
    ASSERT_TRUE(server.ok()) << server.status().ToString();
    server_ = *std::move(server);
    local_ = std::make_unique<ServerMember>(server_.get());
    world_.Do(node_.loop(), [this] {
      AddMemberEndpoints(node_.service().endpoints(), &node_.loop(), server_.get());
      node_.transport().Start(local_.get(), {.id = server_->id(),
                                             .cluster = server_->cluster(),
                                             .peer_urls = {node_.Url()},
                                             .extensions = options_.extensions});
    });
    server_->Start([this] { ready_ = true; });
  }

  bool ready() const { return ready_; }
  const base::Status& failure() const { return failure_; }
  uint64_t applied() const { return server_->progress().applied; }
  // The log's disk stands still, or goes on.
  void SetStalled(bool stalled) { world_.scheduler.SetPaused(wal_loop_.get(), stalled); }
  uint64_t term() const { return server_->progress().term; }
  bool log_stalls() const { return server_->progress().log_stalls; }
  bool leads() const { return server_->progress().leader == server_->id().value(); }
  base::MemberId id() const { return server_->id(); }
  testing::Node& node() { return node_; }
  server::Server& server() { return *server_; }

  // `*done` counts the puts that were acknowledged.
  void Put(const std::string& key, const std::string& value, int* done) {
    net_loop_->Post([=, this] {
      etcdserverpb::PutRequest request;
      request.set_key(key);
      request.set_value(value);
      server_->frontend(0).Propose(
          etcdserverpb::InternalRaftRequest::kPutFieldNumber, request.SerializeAsString(),
          [done](const apply::Reply& reply) { *done += reply.status.ok() ? 1 : 0; });
    });
  }

 private:
  testing::World& world_;
  testing::Node node_;
  server::Options options_;
  std::unique_ptr<runtime::Loop> net_loop_;
  std::unique_ptr<runtime::Loop> raft_loop_;
  std::unique_ptr<runtime::Loop> apply_loop_;
  std::unique_ptr<runtime::Loop> wal_loop_;
  std::unique_ptr<runtime::Loop> backend_loop_;
  std::unique_ptr<server::Server> server_;
  std::unique_ptr<ServerMember> local_;
  bool ready_ = false;
  base::Status failure_;
};

class PeerClusterTest : public ::testing::Test {
 protected:
  static server::Options OptionsOfAll() {
    server::Options options;
    options.wal_segment_bytes = 64 * 1024;
    options.snapshot_count = 20;
    options.snapshot_catchup_entries = 10;
    return options;
  }
  explicit PeerClusterTest(server::Options options = OptionsOfAll()) {
    for (uint64_t host = 1; host <= 3; ++host) {
      // Each understands "both"; "most" only two of them.
      options.extensions = {"both"};
      if (host > 1) options.extensions.insert("most");
      members_.push_back(std::make_unique<Member>(&world_, host, options));
    }
  }
  void SetUp() override {
    std::vector<server::InitialMember> cluster;
    for (const auto& member : members_) cluster.push_back(member->AsInitial());
    for (const auto& member : members_) member->Start(cluster);
    ASSERT_TRUE(world_.RunUntil([this] {
      for (const auto& member : members_) {
        if (!member->ready()) return false;
      }
      return true;
    })) << members_[0]->node().Log();
  }

  Member& Leader() {
    Member* leader = nullptr;
    EXPECT_TRUE(world_.RunUntil([&] {
      for (const auto& member : members_) {
        if (member->leads()) leader = member.get();
      }
      return leader != nullptr;
    }));
    return *leader;
  }
  Member& Follower() {
    const Member& leader = Leader();
    return members_[0].get() == &leader ? *members_[1] : *members_[0];
  }
  // Through `by`, one after another.
  void PutAll(Member& by, int count) {
    int done = 0;
    for (int i = 0; i < count; ++i) {
      by.Put("key" + std::to_string(i), std::string(1000, 'v'), &done);
      ASSERT_TRUE(world_.RunUntil([&] { return done == i + 1; })) << i;
    }
  }
  // `away` is cut off and comes back, when it is too far behind for what the log still has.
  void LeaveBehind(Member& away) {
    Member& leader = Leader();
    for (const auto& member : members_) {
      if (member.get() != &away) world_.wires.Cut(away.Host(), member->Host());
    }
    // Until the leader has no connection that could keep anything for it.
    world_.RunFor(seconds(20));
    PutAll(leader, 200);
    EXPECT_LT(away.applied(), leader.applied());
    world_.wires.JoinAll();
  }
  // A hundred puts at a time, 20,000 at most.
  template <typename Done>
  void WriteUntil(Done is_done) {
    Member& leader = Leader();
    int begun = 0;
    int* const done = NewCounter();
    world_.RunUntil([&] {
      for (; begun < *done + kUnderWay; ++begun) {
        leader.Put("key" + std::to_string(begun % 50), std::string(1000, 'v'), done);
      }
      return is_done() || *done > 20'000;
    });
  }
  // Of puts that may be answered when the test is over.
  int* NewCounter() { return &counters_.emplace_back(0); }
  bool IsNear(Member& member) { return member.applied() + kUnderWay > Leader().applied(); }
  // "200 text", as `member` answers another.
  std::string Ask(Member& member, const std::string& method, const std::string& path,
                  const std::string& body = "") {
    testing::Node& node = members_[0]->node();
    const Identity self = {
        .id = members_[0]->id(), .cluster = members_[0]->server().cluster(), .peer_urls = {}};
    std::unique_ptr<http::Client> client;
    std::optional<std::string> answer;
    world_.Do(node.loop(), [&] {
      client = std::make_unique<http::Client>(
          &node.loop(), &node.network(),
          http::Client::Options{.address = {member.Host(), testing::Node::kPort, ""}});
      client->Fetch(RequestHead(method, path, member.Host(), self), body, 10'000, seconds(20),
                    [&](const auto& result) {
                      answer = result.ok() ? std::to_string(result->status) + " " + result->body
                                           : result.status().ToString();
                    });
    });
    world_.RunUntil([&] { return answer.has_value(); });
    world_.Do(node.loop(), [&] { client.reset(); });
    return answer.value_or("nothing");
  }
  bool RunUntilEqual() {
    return world_.RunUntil([this] {
      return members_[0]->applied() == members_[1]->applied() &&
             members_[1]->applied() == members_[2]->applied();
    });
  }

  static constexpr int kUnderWay = 100;

  testing::World world_{11};
  std::deque<int> counters_;
  std::vector<std::unique_ptr<Member>> members_;
};

TEST_F(PeerClusterTest, ThreeMembersHaveOneLog) {
  PutAll(Leader(), 10);
  PutAll(Follower(), 10);
  EXPECT_TRUE(RunUntilEqual());
  EXPECT_GE(members_[2]->applied(), 20u);
  for (const auto& member : members_) EXPECT_TRUE(member->failure().ok());
}

TEST_F(PeerClusterTest, AMemberThatWasAwayCatchesUpByASnapshot) {
  Member& away = Follower();
  LeaveBehind(away);
  ASSERT_TRUE(RunUntilEqual()) << away.node().Log();
  EXPECT_TRUE(away.node().HasLogged("received and saved database snapshot"));
  EXPECT_TRUE(away.node().HasLogged("applied snapshot"));
  PutAll(away, 5);
  EXPECT_TRUE(RunUntilEqual());
  for (const auto& member : members_) EXPECT_TRUE(member->failure().ok());
}

TEST_F(PeerClusterTest, AMemberThatTakesNoRecordsCatchesUpByAnImage) {
  Member& away = Follower();
  LeaveBehind(away);
  bool saw_image = false;
  ASSERT_TRUE(world_.RunUntil([&] {
    Peer* const peer = Leader().node().transport().shared_peers()->Find(away.id());
    peer->SetTakesRecords(false);
    const auto files = away.node().disk().List(testing::Node::kDirectory).value();
    saw_image = saw_image || std::count(files.begin(), files.end(), "1.receiving") == 1;
    return away.node().HasLogged("applied snapshot");
  })) << away.node().Log();
  EXPECT_TRUE(saw_image);
  EXPECT_TRUE(RunUntilEqual());
  for (const auto& member : members_) EXPECT_TRUE(member->failure().ok());
}

// The log that members keep is shorter than what is written while a snapshot travels.
TEST_F(PeerClusterTest, AMemberCatchesUpByASnapshotWhileOthersWrite) {
  Member& away = Follower();
  LeaveBehind(away);
  WriteUntil([&] { return IsNear(away); });
  EXPECT_TRUE(RunUntilEqual());
  // The rest came from the log.
  const std::string log = away.node().Log();
  EXPECT_NE(log.find("applied snapshot"), std::string::npos) << log;
  EXPECT_EQ(log.find("applied snapshot"), log.rfind("applied snapshot")) << log;
}

class PeerClusterOfLittleMemoryTest : public PeerClusterTest {
 protected:
  static server::Options LittleMemory() {
    server::Options options = OptionsOfAll();
    options.raft.held_log_bytes_max = 1;
    return options;
  }
  PeerClusterOfLittleMemoryTest() : PeerClusterTest(LittleMemory()) {}
};

TEST_F(PeerClusterOfLittleMemoryTest, TheLogIsKeptForASnapshotOnlyWithinItsBound) {
  Member& away = Follower();
  Member& leader = Leader();
  LeaveBehind(away);
  const auto has_given_up = [&] { return leader.node().HasLogged("has become too large"); };
  WriteUntil(has_given_up);
  EXPECT_TRUE(has_given_up());
  // It catches up when there is less to do.
  EXPECT_TRUE(RunUntilEqual());
}

// A disk that stands still is known by one write that does not end; so none may be long because
// there is much to write.
TEST_F(PeerClusterTest, WhatHasGatheredIsWrittenInPortions) {
  Member& leader = Leader();
  const auto syncs = [&] {
    const std::string scraped = leader.node().environment().registry->Scrape();
    const std::string name = "etcd_disk_wal_fsync_duration_seconds_count ";
    return std::stoul(scraped.substr(scraped.find(name) + name.size()));
  };
  ASSERT_TRUE(RunUntilEqual());
  leader.SetStalled(true);
  const auto before = syncs();
  constexpr size_t kPutBytes = 1 << 20;
  constexpr int kPuts = 4 * server::LogWriter::kWriteBytes / kPutBytes;
  int* const done = NewCounter();
  for (int put = 0; put < kPuts; ++put) {
    leader.Put("key", std::string(kPutBytes, 'v'), done);
    world_.RunFor(std::chrono::milliseconds(1));
  }
  leader.SetStalled(false);
  ASSERT_TRUE(world_.RunUntil([&] { return *done == kPuts; }));
  EXPECT_GE(syncs(), before + 4);
}

TEST_F(PeerClusterTest, MembersTellWhatTheyHave) {
  PutAll(Leader(), 10);
  ASSERT_TRUE(RunUntilEqual());
  const std::string hash = Ask(Leader(), "GET", "/members/hashkv", R"({"revision":7})");
  EXPECT_TRUE(hash.starts_with(R"(200 {"header":{"revision":11},"hash":)")) << hash;
  EXPECT_TRUE(hash.ends_with(R"(,"compact_revision":-1,"hash_revision":7})")) << hash;
  EXPECT_EQ(Ask(Follower(), "GET", "/members/hashkv", "{\"revision\": 7 }\n"), hash);
  EXPECT_EQ(Ask(Follower(), "GET", "/members/hashkv", R"({"revision":100})"),
            "400 mvcc: required revision is a future revision\n");
  for (const auto* body :
       {"", "7", R"({"revision":})", R"({"revision":"7"})", R"({"revision":7)"}) {
    EXPECT_EQ(Ask(Follower(), "GET", "/members/hashkv", body), "400 error unmarshalling request\n")
        << body;
  }
  EXPECT_EQ(Ask(Follower(), "POST", "/members/hashkv"), "405 Method Not Allowed\n");
  EXPECT_EQ(Ask(Follower(), "GET", "/downgrade/enabled"), "200 false");
  EXPECT_EQ(
      Ask(*members_[0], "GET", "/version"),
      R"(200 {"etcdserver":"3.7.1","etcdcluster":"3.7.0","storage":"3.7.0","extensions":"both"})");
}

TEST_F(PeerClusterTest, MembersAskEachOtherForHashes) {
  PutAll(Leader(), 5);
  ASSERT_TRUE(RunUntilEqual());
  Member& leader = Leader();
  Member& away = Follower();
  const auto ask = [&] {
    std::optional<std::map<base::MemberId, base::Result<server::MemberHash>>> answers;
    leader.node().transport().AskHashes(base::Revision(4), seconds(5),
                                        [&](auto told) { answers = std::move(told); });
    world_.RunUntil([&] { return answers.has_value(); });
    return std::move(*answers);
  };
  const auto all = ask();
  ASSERT_EQ(all.size(), 2u);
  for (const auto& [id, told] : all) {
    ASSERT_TRUE(told.ok()) << told.status().ToString();
    EXPECT_EQ(told->hash.revision, 4);
    EXPECT_EQ(told->current, base::Revision(6));
    EXPECT_EQ(told->hash, all.begin()->second->hash);
  }
  for (const auto& member : members_) {
    if (member.get() != &away) world_.wires.Cut(away.Host(), member->Host());
  }
  const auto rest = ask();
  ASSERT_EQ(rest.size(), 2u);
  for (const auto& [id, told] : rest) EXPECT_EQ(told.ok(), id != away.id());
}

TEST_F(PeerClusterTest, AnExtensionIsUsedOnlyIfAllMembersUnderstandIt) {
  const auto enable = [&](Member& by, const std::string& name) {
    std::optional<base::Status> enabled;
    by.server().extensions().Enable(name, [&](const base::Status& status) { enabled = status; });
    EXPECT_TRUE(world_.RunUntil([&] { return enabled.has_value(); }));
    return *enabled;
  };
  EXPECT_EQ(enable(Leader(), "most").message(),
            "not all members understand most: " + members::HexText(members_[0]->id().value()));
  // Whoever does not answer may not understand it.
  Member& away = Follower();
  for (const auto& member : members_) {
    if (member.get() != &away) world_.wires.Cut(away.Host(), member->Host());
  }
  EXPECT_EQ(enable(Leader(), "both").message(),
            "not all members understand both: " + members::HexText(away.id().value()));
  world_.wires.JoinAll();
  ASSERT_TRUE(RunUntilEqual());
  world_.RunFor(seconds(5));
  EXPECT_TRUE(enable(Follower(), "both").ok());
  EXPECT_TRUE(enable(Follower(), "both").ok());
  ASSERT_TRUE(RunUntilEqual());
  // From then on whoever does not say that he understands it is not heard.
  EXPECT_EQ(Ask(Leader(), "GET", "/raft/stream/message/1"), "412 incompatible version\n");
  EXPECT_EQ(Ask(Leader(), "POST", "/raft"), "412 incompatible version\n");
  // The members go on, and a new one is warned of.
  PutAll(Leader(), 5);
  ASSERT_TRUE(RunUntilEqual());
  world_.RunFor(server::Reconfiguration::kHealthInterval + seconds(1));
  bool added = false;
  Leader().server().reconfiguration().Add({.id = base::MemberId(99),
                                           .peer_urls = {"http://nowhere:2380"},
                                           .is_learner = true,
                                           .name = {},
                                           .client_urls = {}},
                                          {}, [&](const auto& members) { added = members.ok(); });
  ASSERT_TRUE(world_.RunUntil([&] { return added; }));
  EXPECT_TRUE(Leader().node().HasLogged("adding a member, which must understand more than etcd"));
}

// As when a member stops.
TEST_F(PeerClusterTest, AServiceThatEndsBeforeItsAnswersHarmsNobody) {
  testing::Node& node = members_[1]->node();
  std::unique_ptr<http::PlainService> service;
  std::unique_ptr<http::Server> server;
  const runtime::Address address{node.Host(), 2381, ""};
  world_.Do(node.loop(), [&] {
    service = std::make_unique<http::PlainService>(1000);
    AddMemberEndpoints(*service, &node.loop(), &members_[1]->server());
    server = std::make_unique<http::Server>(&node.loop(), &node.network(), service.get(),
                                            http::Server::Options());
    ASSERT_TRUE(server->Listen(address, http::Server::Listening()).ok());
  });
  testing::Node& asking = members_[0]->node();
  std::unique_ptr<http::Client> client;
  world_.Do(asking.loop(), [&] {
    client = std::make_unique<http::Client>(&asking.loop(), &asking.network(),
                                            http::Client::Options{.address = address});
    const http::Headers hash = {{":method", "GET"}, {":path", "/members/hashkv"}};
    client->Fetch(hash, "{}", 1000, seconds(20), [](const auto&) {});
    const http::Headers promote = {{":method", "POST"}, {":path", "/members/promote/7"}};
    client->Fetch(promote, "", 1000, seconds(20), [](const auto&) {});
  });
  ASSERT_TRUE(world_.RunUntil([&] { return server->connection_count() == 2; }));
  world_.RunFor(std::chrono::milliseconds(1));
  world_.Do(node.loop(), [&] {
    server.reset();
    service.reset();
  });
  world_.RunFor(seconds(1));
  world_.Do(asking.loop(), [&] { client.reset(); });
}

TEST_F(PeerClusterTest, WhatCannotBePromotedIsToldAsEtcdTellsIt) {
  const std::string voter = ToString(Follower().id());
  for (const auto& member : members_) {
    EXPECT_EQ(Ask(*member, "POST", "/members/promote/7"), "404 membership: ID not found\n");
    EXPECT_EQ(Ask(*member, "POST", "/members/promote/" + voter),
              "412 membership: can only promote a learner member\n");
  }
  EXPECT_EQ(Ask(Leader(), "POST", "/members/promote/x"), "404 member x not found in cluster\n");
  EXPECT_EQ(Ask(Leader(), "GET", "/members/promote/7"), "405 Method Not Allowed\n");
}

TEST_F(PeerClusterTest, WhatIsAskedOfALeaseThatIsNotThereIsToldAsEtcdTellsIt) {
  EXPECT_EQ(Ask(Leader(), "POST", "/leases"), "404 lease not found\n");
  EXPECT_EQ(Ask(Follower(), "POST", "/leases"), "400 not a primary lessor\n");
  for (const auto& member : members_) {
    EXPECT_EQ(Ask(*member, "POST", "/leases/internal"), "404 lease not found\n");
    EXPECT_EQ(Ask(*member, "GET", "/leases"), "405 Method Not Allowed\n");
    EXPECT_EQ(Ask(*member, "GET", "/leases/internal"), "405 Method Not Allowed\n");
  }
}

TEST_F(PeerClusterTest, AFollowerHasALeaseRenewedByTheLeaderAndTellsItsTimes) {
  etcdserverpb::LeaseGrantRequest request;
  request.set_id(7);
  request.set_ttl(60);
  bool granted = false;
  Member& follower = Follower();
  follower.server().frontend(0).loop().Post([&] {
    follower.server().frontend(0).Propose(
        etcdserverpb::InternalRaftRequest::kLeaseGrantFieldNumber, request.SerializeAsString(),
        [&](const apply::Reply& reply) { granted = reply.status.ok(); });
  });
  ASSERT_TRUE(world_.RunUntil([&] { return granted; }));
  const auto renew = [&](int64_t id) {
    std::optional<base::Result<int64_t>> renewed;
    follower.server().leases().Renew(base::LeaseId(id), {},
                                     [&](auto ttl) { renewed = std::move(ttl); });
    EXPECT_TRUE(world_.RunUntil([&] { return renewed.has_value(); }));
    return *renewed;
  };
  const base::Result<int64_t> renewed = renew(7);
  ASSERT_TRUE(renewed.ok()) << renewed.status().ToString();
  EXPECT_EQ(*renewed, 60);
  EXPECT_EQ(renew(8).status(), base::errors::kLeaseNotFound);
  std::optional<base::Result<server::LeaseTimes>> told;
  follower.server().leases().TimeToLive(base::LeaseId(7), /*keys=*/true, {},
                                        [&](auto times) { told = std::move(times); });
  ASSERT_TRUE(world_.RunUntil([&] { return told.has_value(); }));
  ASSERT_TRUE(told->ok());
  EXPECT_EQ((*told)->granted_ttl, 60);
  EXPECT_TRUE((*told)->ttl == 59 || (*told)->ttl == 60) << (*told)->ttl;
}

// By way of a follower, which asks the leader.
TEST_F(PeerClusterTest, AFollowerHasALearnerPromotedByTheLeader) {
  members::Member learner{.id = base::MemberId(99),
                          .peer_urls = {"http://nowhere:2380"},
                          .is_learner = true,
                          .name = {},
                          .client_urls = {}};
  // Else they do not count as connected.
  world_.RunFor(server::Reconfiguration::kHealthInterval + seconds(1));
  bool added = false;
  Leader().server().reconfiguration().Add(learner, {},
                                          [&](const auto& members) { added = members.ok(); });
  ASSERT_TRUE(world_.RunUntil([&] { return added; }));
  ASSERT_TRUE(RunUntilEqual());
  // It never started.
  EXPECT_EQ(Ask(Follower(), "POST", "/members/promote/99"),
            "412 etcdserver: can only promote a learner member which is in sync with leader\n");
}

TEST_F(PeerClusterTest, ALeaderWhoseDiskStandsStillHandsItsPartOver) {
  Member& first = Leader();
  PutAll(first, 5);
  first.SetStalled(true);
  int* const late = NewCounter();
  first.Put("late", "value", late);
  // Its peers would elect another one only if they did not hear from it.
  const runtime::TimePoint begin = world_.scheduler.clock().Now();
  ASSERT_TRUE(world_.RunUntil([&] { return first.log_stalls(); }));
  EXPECT_LE(world_.scheduler.clock().Now() - begin, seconds(1));
  ASSERT_TRUE(world_.RunUntil([&] { return !first.leads(); }));
  Member& second = Leader();
  EXPECT_NE(&second, &first);
  PutAll(second, 5);
  EXPECT_LE(world_.scheduler.clock().Now() - begin, seconds(2));
  EXPECT_EQ(*late, 0);
  world_.RunFor(seconds(5));
  EXPECT_TRUE(second.leads());
  first.SetStalled(false);
  EXPECT_TRUE(RunUntilEqual());
  EXPECT_TRUE(world_.RunUntil([&] { return !first.log_stalls(); }));
}

// Whatever the leader is about to do when its disk stops: it forgets from time to time whom it has
// heard from.
class StalledLeaderTest : public PeerClusterTest, public ::testing::WithParamInterface<int> {};

TEST_P(StalledLeaderTest, LeadershipIsHandedOverAtOnce) {
  Member& first = Leader();
  world_.RunFor(std::chrono::milliseconds(100 * GetParam()));
  first.SetStalled(true);
  first.Put("late", "value", NewCounter());
  const runtime::TimePoint begin = world_.scheduler.clock().Now();
  ASSERT_TRUE(world_.RunUntil([&] { return !first.leads(); }));
  EXPECT_LE(world_.scheduler.clock().Now() - begin, std::chrono::milliseconds(1300));
}

INSTANTIATE_TEST_SUITE_P(AtEachTick, StalledLeaderTest, ::testing::Range(0, 10));

// Leadership must not go round and round.
TEST_F(PeerClusterTest, WhereAllDisksAreSlowSomebodyLeads) {
  Leader();
  int* const done = NewCounter();
  for (int i = 0; i < 60; ++i) {
    for (const auto& member : members_) member->SetStalled(i % 10 != 0);
    Leader().Put("key", "value", done);
    world_.RunFor(std::chrono::milliseconds(100));
  }
  const uint64_t term = Leader().term();
  for (int i = 0; i < 300; ++i) {
    for (const auto& member : members_) member->SetStalled(i % 10 != 0);
    Leader().Put("key", "value", done);
    world_.RunFor(std::chrono::milliseconds(100));
  }
  EXPECT_EQ(Leader().term(), term);
  EXPECT_GT(*done, 30);
}

class PeerClusterThatStaysTest : public PeerClusterTest {
 protected:
  static server::Options Staying() {
    server::Options options = OptionsOfAll();
    options.disk_stall_handover = false;
    return options;
  }
  PeerClusterThatStaysTest() : PeerClusterTest(Staying()) {}
};

TEST_F(PeerClusterThatStaysTest, ALeaderKeepsItsPartIfToldSo) {
  Member& first = Leader();
  first.SetStalled(true);
  int* const late = NewCounter();
  first.Put("late", "value", late);
  world_.RunFor(seconds(5));
  EXPECT_TRUE(first.log_stalls());
  EXPECT_TRUE(first.leads());
  first.SetStalled(false);
  EXPECT_TRUE(world_.RunUntil([&] { return *late == 1; }));
}

// The removal is decided by the next leader, and nobody waits for an election.
class RemovedLeaderTest : public PeerClusterTest, public ::testing::WithParamInterface<bool> {};

TEST_P(RemovedLeaderTest, WritesGoOnWhereTheLeaderIsRemoved) {
  world_.RunFor(server::Reconfiguration::kHealthInterval + seconds(1));
  Member& first = Leader();
  Member& asked = GetParam() ? first : Follower();
  Member& other = *std::find_if(members_.begin(), members_.end(), [&](const auto& member) {
                     return member.get() != &first && member.get() != &asked;
                   })->get();
  const uint64_t term = first.term();
  const runtime::TimePoint begin = world_.scheduler.clock().Now();
  std::optional<base::Status> removed;
  asked.server().reconfiguration().Remove(first.id(), {},
                                          [&](const auto& members) { removed = members.status(); });
  int* const done = NewCounter();
  other.Put("key", "value", done);
  ASSERT_TRUE(world_.RunUntil([&] { return removed.has_value(); }));
  EXPECT_TRUE(removed->ok()) << removed->ToString();
  EXPECT_FALSE(first.leads());
  PutAll(other, 10);
  EXPECT_EQ(*done, 1);
  EXPECT_LE(world_.scheduler.clock().Now() - begin, std::chrono::milliseconds(500));
  EXPECT_EQ(other.term(), term + 1);
}

INSTANTIATE_TEST_SUITE_P(AskedAt, RemovedLeaderTest, ::testing::Bool(),
                         [](const auto& asked) { return asked.param ? "TheLeader" : "AFollower"; });

TEST_F(PeerClusterTest, AnotherLeaderIsFoundWhenTheFirstIsCutOff) {
  Member& first = Leader();
  for (const auto& member : members_) {
    if (member.get() != &first) world_.wires.Cut(first.Host(), member->Host());
  }
  Member* second = nullptr;
  ASSERT_TRUE(world_.RunUntil([&] {
    for (const auto& member : members_) {
      if (member->leads() && member.get() != &first) second = member.get();
    }
    return second != nullptr;
  }));
  PutAll(*second, 5);
  world_.wires.JoinAll();
  EXPECT_TRUE(RunUntilEqual());
  EXPECT_FALSE(first.leads());
}

}  // namespace
}  // namespace peer
