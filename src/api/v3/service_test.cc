#include "api/v3/service.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "api/v3/testing/requests.h"
#include "api/v3/testing/served_member.h"
#include "base/errors.h"

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
  EXPECT_TRUE(member_.Call(testing::kRange, request, With("hasleader", "false")).ok());
  EXPECT_TRUE(member_.Call(testing::kRange, request).ok());
}

TEST_F(ServiceTest, WhoAsksForALeaderIsServedWithOne) {
  member_.StartAndWait();
  EXPECT_TRUE(member_.Call(testing::kRange, Get("a"), With("hasleader", "true")).ok());
  EXPECT_TRUE(member_.Call(testing::kSnapshot, {}, With("hasleader", "true")).ok());
}

TEST_F(ServiceTest, CallsAreCountedByTheVersionsOfTheirClients) {
  member_.StartAndWait();
  ASSERT_TRUE(member_.Call(testing::kRange, Get("a"), With("client-api-version", "3.7")).ok());
  ASSERT_TRUE(member_.Call(testing::kRange, Get("a")).ok());
  ASSERT_TRUE(
      member_.Call(testing::kRangeStream, Get("a"), With("client-api-version", "3.7")).ok());
  const std::string metrics = member_.member().Metrics();
  for (const char* const line : {"{type=\"unary\",client_api_version=\"3.7\"} 1\n",
                                 "{type=\"unary\",client_api_version=\"unknown\"} 1\n",
                                 "{type=\"stream\",client_api_version=\"3.7\"} 1\n"}) {
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
  constexpr testing::Method<etcdserverpb::MoveLeaderRequest, etcdserverpb::MoveLeaderResponse>
      kMoveLeader{"/etcdserverpb.Maintenance/MoveLeader"};
  const auto answer = member_.Call(kMoveLeader, {});
  EXPECT_EQ(answer.status.code(), base::Code::kUnimplemented);
  EXPECT_EQ(answer.status.message(),
            "unknown method MoveLeader for service "
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
