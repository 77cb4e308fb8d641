#include "api/v3/service.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "api/v3/testing/requests.h"
#include "api/v3/testing/served_member.h"
#include "base/errors.h"
#include "raft/codec.h"
#include "server/testing/agreeable_peers.h"
#include "server/testing/lost_messages.h"

// What holds for every call of every service.

namespace v3 {
namespace {

using std::chrono::seconds;
using testing::Get;
using ::testing::HasSubstr;
using testing::Serializable;
using testing::ServedMember;

rpc::ClientCall::Options With(base::ByteView name, base::ByteView value) {
  rpc::ClientCall::Options options;
  options.metadata.Add(name, value);
  return options;
}

class ServiceTest : public ::testing::Test {
 protected:
  ServedMember member_;
};

TEST_F(ServiceTest, WhoAsksForALeaderIsRefusedWithoutOne) {
  member_.StartAlone();
  const auto request = Serializable(Get("a"));
  const auto refused = member_.Call(testing::kRange, request, With("hasleader", "true"));
  EXPECT_EQ(refused.status, base::errors::kNoLeader);
  EXPECT_EQ(member_.Call(testing::kRangeStream, request, With("hasleader", "true")).status,
            base::errors::kNoLeader);
  EXPECT_EQ(member_.Call(testing::kStatus, {}, With("hasleader", "true")).status,
            base::errors::kNoLeader);
  EXPECT_EQ(member_.Call(testing::kUsage, {}, With("hasleader", "true")).status,
            base::errors::kNoLeader);
  EXPECT_TRUE(member_.Call(testing::kRange, request, With("hasleader", "false")).ok());
  EXPECT_TRUE(member_.Call(testing::kRange, request).ok());
}

TEST_F(ServiceTest, WhoAsksForALeaderIsServedWithOne) {
  member_.StartAndWait();
  EXPECT_TRUE(member_.Call(testing::kRange, Get("a"), With("hasleader", "true")).ok());
  EXPECT_TRUE(member_.Call(testing::kSnapshot, {}, With("hasleader", "true")).ok());
}

TEST_F(ServiceTest, AStreamThatAsksForALeaderEndsWhenNoneWasThereForThreeElectionTimeouts) {
  server::AgreeablePeers others;
  member_.options().initial_cluster = {{"default", {"http://localhost:2380"}},
                                       {"b", {"http://localhost:2381"}},
                                       {"c", {"http://localhost:2382"}}};
  member_.member().transport = &others;
  member_.Start();
  others.server = &member_.server();
  others.silent = false;
  ASSERT_TRUE(member_.member().RunUntil([this] { return member_.member().ready(); }));
  // Each waits for a read index, which comes no more.
  others.silent = true;
  const auto asks = member_.Begin(testing::kRangeStream, Get("a"), With("hasleader", "true"));
  const auto does_not = member_.Begin(testing::kRangeStream, Get("a"));
  const auto elections = [this](int count) { return count * member_.options().election_timeout; };
  ASSERT_TRUE(
      member_.member().RunUntil([this] { return member_.server().progress().leader == 0; }));
  member_.member().RunFor(elections(2));
  EXPECT_FALSE(asks->finished);
  member_.member().RunFor(elections(2));
  EXPECT_TRUE(asks->finished);
  EXPECT_EQ(asks->status, base::errors::kNoLeader);
  EXPECT_FALSE(does_not->finished);
}

TEST_F(ServiceTest, ALearnerServesOnlyWhatMayBeOld) {
  server::LostMessages others;
  member_.options().join_existing_cluster = true;
  member_.options().joining = server::Joining{base::MemberId(7), base::ClusterId(1)};
  member_.member().transport = &others;
  member_.Start();
  // As a leader tells it of the members.
  raft::Message told{.type = raft::MessageType::kApp,
                     .to = base::MemberId(7),
                     .from = base::MemberId(1),
                     .term = base::Term(1),
                     .commit = base::Index(2)};
  for (const uint64_t id : {uint64_t{1}, uint64_t{7}}) {
    members::Member member;
    member.id = base::MemberId(id);
    member.peer_urls = {"http://" + std::to_string(id) + ":1"};
    member.is_learner = id == 7;
    const raft::ConfChange change{.type = member.is_learner ? raft::ConfChangeType::kAddLearnerNode
                                                            : raft::ConfChangeType::kAddNode,
                                  .node_id = member.id,
                                  .context = members::ToJson(member)};
    base::Bytes encoded;
    raft::Encode(change, &encoded);
    told.entries.push_back({.term = base::Term(1),
                            .index = base::Index(told.entries.size() + 1),
                            .type = raft::EntryType::kConfChange,
                            .data = base::SharedBytes(encoded)});
  }
  ASSERT_TRUE(member_.server().Step(std::move(told)));
  ASSERT_TRUE(
      member_.member().RunUntil([this] { return member_.server().progress().is_learner.load(); }));

  EXPECT_TRUE(member_.Call(testing::kRange, Serializable(Get("a"))).ok());
  EXPECT_TRUE(member_.Call(testing::kStatus, {}).response().islearner());
  EXPECT_TRUE(member_.Call(testing::kSnapshot, {}).ok());
  EXPECT_EQ(member_.CallRaw(testing::kRange, "\x08").status.code(), base::Code::kInternal);
  for (const base::Status& status :
       {member_.Call(testing::kRange, Get("a")).status,
        member_.Call(testing::kRangeStream, Serializable(Get("a"))).status,
        member_.Call(testing::kPut, testing::Put("a", "1")).status,
        member_.CallRaw(testing::kPut, "\x08").status,
        member_.Call(testing::kMemberList, {}).status, member_.Call(testing::kHashKV, {}).status,
        member_.Call(testing::kUsage, {}).status}) {
    EXPECT_EQ(status, base::errors::kNotSupportedForLearner);
  }
  member_.Kill();
}

TEST_F(ServiceTest, CallsAreCountedByTheVersionsOfTheirClients) {
  member_.StartAndWait();
  ASSERT_TRUE(member_.Call(testing::kRange, Get("a"), With("client-api-version", "3.7")).ok());
  ASSERT_TRUE(member_.Call(testing::kRange, Get("a")).ok());
  ASSERT_TRUE(
      member_.Call(testing::kRangeStream, Get("a"), With("client-api-version", "3.7")).ok());
  const std::string metrics = member_.member().Metrics();
  for (const char* const line : {"{client_api_version=\"3.7\",type=\"unary\"} 1\n",
                                 "{client_api_version=\"unknown\",type=\"unary\"} 1\n",
                                 "{client_api_version=\"3.7\",type=\"stream\"} 1\n"}) {
    EXPECT_THAT(metrics, HasSubstr(line));
  }
}

TEST_F(ServiceTest, AVersionThatIsNoTextIsRefused) {
  member_.StartAndWait();
  for (const char* const version : {"\xff", "\xc3"}) {
    EXPECT_EQ(member_.Call(testing::kRange, Get("a"), With("client-api-version", version)).status,
              base::errors::kInvalidClientApiVersion);
    EXPECT_EQ(member_.Call(testing::kSnapshot, {}, With("client-api-version", version)).status,
              base::errors::kInvalidClientApiVersion);
  }
}

TEST_F(ServiceTest, AMethodThatNobodyServesIsUnimplemented) {
  member_.StartAndWait();
  constexpr testing::Method<etcdserverpb::StatusRequest, etcdserverpb::StatusResponse> kNothing{
      "/etcdserverpb.Maintenance/Nothing"};
  const auto answer = member_.Call(kNothing, {});
  EXPECT_EQ(answer.status.code(), base::Code::kUnimplemented);
  EXPECT_EQ(answer.status.message(),
            "unknown method Nothing for service "
            "etcdserverpb.Maintenance");
}

TEST_F(ServiceTest, AnAnswerIsGrpcs) {
  member_.StartAndWait();
  const auto answer = member_.Call(testing::kRange, Get("a"));
  EXPECT_EQ(answer.head.Get(":status"), "200");
  EXPECT_EQ(answer.head.Get("content-type"), "application/grpc");
}

// Several loops, several clients of one member are but more of the same parts.
TEST_F(ServiceTest, ASecondClientIsServedBesideTheFirst) {
  member_.StartAndWait();
  auto& scheduler = member_.member().scheduler();
  const auto loop = scheduler.NewLoop("another");
  const auto network = member_.wires().NewNetwork("another", loop.get());
  auto client = std::make_unique<testing::Client>(
      loop.get(), network.get(), std::vector<runtime::Address>{ServedMember::kAddress});
  std::shared_ptr<testing::Answer<etcdserverpb::PutResponse>> put;
  loop->Post([&] { put = client->Start(testing::kPut, testing::Put("a", "1")); });
  ASSERT_TRUE(member_.member().RunUntil([&] { return put != nullptr && put->finished; }));
  EXPECT_TRUE(put->ok());
  EXPECT_EQ(member_.Call(testing::kRange, Get("a")).response().count(), 1);
  loop->Post([&] { client.reset(); });
  member_.member().RunFor(runtime::Duration(0));
}

}  // namespace
}  // namespace v3
