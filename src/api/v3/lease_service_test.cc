#include "api/v3/lease_service.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "api/v3/testing/served_member.h"
#include "base/errors.h"
#include "server/lease_listing.h"

namespace v3 {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::Answer;

class LeaseServiceTest : public ::testing::Test {
 protected:
  Answer<etcdserverpb::LeaseGrantResponse> Grant(int64_t id, int64_t ttl) {
    etcdserverpb::LeaseGrantRequest request;
    request.set_id(id);
    request.set_ttl(ttl);
    return served_.Call(testing::kLeaseGrant, request);
  }
  Answer<etcdserverpb::LeaseRevokeResponse> Revoke(int64_t id) {
    etcdserverpb::LeaseRevokeRequest request;
    request.set_id(id);
    return served_.Call(testing::kLeaseRevoke, request);
  }
  Answer<etcdserverpb::LeaseTimeToLiveResponse> TimeToLive(int64_t id, bool keys = false) {
    etcdserverpb::LeaseTimeToLiveRequest request;
    request.set_id(id);
    request.set_keys(keys);
    return served_.Call(testing::kLeaseTimeToLive, request);
  }
  std::vector<int64_t> List() {
    const auto answer = served_.Call(testing::kLeaseLeases, etcdserverpb::LeaseLeasesRequest());
    EXPECT_TRUE(answer.ok());
    std::vector<int64_t> ids;
    for (const auto& lease : answer.response().leases()) ids.push_back(lease.id());
    return ids;
  }
  void Put(const std::string& key, int64_t lease) {
    etcdserverpb::PutRequest request;
    request.set_key(key);
    request.set_lease(lease);
    ASSERT_TRUE(served_.Call(testing::kPut, request).ok());
  }
  int64_t Count(const std::string& key) {
    etcdserverpb::RangeRequest request;
    request.set_key(key);
    return served_.Call(testing::kRange, request).response().count();
  }
  // A call of one message, until it has ended.
  Answer<etcdserverpb::LeaseKeepAliveResponse> KeepAlive(int64_t id) {
    return served_.Finish(BeginKeepAlive(id));
  }
  std::shared_ptr<Answer<etcdserverpb::LeaseKeepAliveResponse>> BeginKeepAlive(int64_t id) {
    etcdserverpb::LeaseKeepAliveRequest request;
    request.set_id(id);
    return served_.Begin(testing::kLeaseKeepAlive, request);
  }

  testing::ServedMember served_;
};

TEST_F(LeaseServiceTest, ALeaseIsGrantedUnderItsNumber) {
  served_.StartAndWait();
  const auto granted = Grant(7, 60);
  ASSERT_TRUE(granted.ok());
  EXPECT_EQ(granted.response().id(), 7);
  EXPECT_EQ(granted.response().ttl(), 60);
  EXPECT_EQ(granted.response().header().revision(), 1);
  EXPECT_EQ(Grant(7, 60).status, base::errors::kLeaseExists);
  EXPECT_EQ(Grant(8, 9'000'000'001).status, base::errors::kLeaseTtlTooLarge);
  EXPECT_EQ(Grant(8, 1).response().ttl(), 2);
}

TEST_F(LeaseServiceTest, WithoutANumberItGetsOneOfItsOwn) {
  served_.StartAndWait();
  std::set<int64_t> ids;
  for (int i = 0; i < 10; ++i) {
    const auto granted = Grant(0, 60);
    ASSERT_TRUE(granted.ok());
    EXPECT_GT(granted.response().id(), 0);
    ids.insert(granted.response().id());
  }
  EXPECT_EQ(ids.size(), 10u);
}

TEST_F(LeaseServiceTest, WithoutSpaceNoneIsGranted) {
  served_.options().quota_backend_bytes = 1;
  served_.StartAndWait();
  EXPECT_EQ(Grant(7, 60).status, base::errors::kNoSpace);
}

TEST_F(LeaseServiceTest, ItsKeysGoWithIt) {
  served_.StartAndWait();
  ASSERT_TRUE(Grant(7, 60).ok());
  Put("a", 7);
  Put("b", 7);
  const auto revoked = Revoke(7);
  ASSERT_TRUE(revoked.ok());
  EXPECT_EQ(revoked.response().header().revision(), 4);
  EXPECT_EQ(Count("a") + Count("b"), 0);
  EXPECT_EQ(Revoke(7).status, base::errors::kLeaseNotFound);
}

TEST_F(LeaseServiceTest, ItRunsOutAtItsTimeAndNotBefore) {
  served_.StartAndWait();
  ASSERT_TRUE(Grant(7, 10).ok());
  Put("a", 7);
  served_.member().RunFor(milliseconds(9'800));
  EXPECT_EQ(Count("a"), 1);
  served_.member().RunFor(milliseconds(1'000));
  EXPECT_EQ(Count("a"), 0);
  EXPECT_EQ(List(), std::vector<int64_t>());
  EXPECT_NE(served_.member().Metrics().find("etcd_debugging_server_lease_expired_total 1"),
            std::string::npos);
}

TEST_F(LeaseServiceTest, OneThatIsRenewedGoesOn) {
  served_.StartAndWait();
  ASSERT_TRUE(Grant(7, 10).ok());
  for (int i = 0; i < 5; ++i) {
    served_.member().RunFor(seconds(8));
    const auto renewed = KeepAlive(7);
    ASSERT_TRUE(renewed.ok());
    ASSERT_EQ(renewed.responses.size(), 1u);
    EXPECT_EQ(renewed.response().id(), 7);
    EXPECT_EQ(renewed.response().ttl(), 10);
    EXPECT_EQ(renewed.response().header().revision(), 1);
  }
  EXPECT_EQ(List(), std::vector<int64_t>{7});
  EXPECT_NE(served_.member().Metrics().find("etcd_debugging_lease_renewed_total 5"),
            std::string::npos);
}

TEST_F(LeaseServiceTest, OneThatIsNotThereHasNoTimeAgain) {
  served_.StartAndWait();
  const auto renewed = KeepAlive(7);
  ASSERT_TRUE(renewed.ok());
  EXPECT_EQ(renewed.response().ttl(), 0);
  EXPECT_EQ(renewed.response().id(), 7);
}

// The revoke of a lease that has run out is on its way: its renewal waits for it.
TEST_F(LeaseServiceTest, OneThatHasRunOutIsNotRenewedAnyMore) {
  served_.StartAndWait();
  ASSERT_TRUE(Grant(7, 10).ok());
  served_.member().RunFor(milliseconds(9'500));
  served_.member().SetLogStalled(true);
  served_.member().RunFor(milliseconds(1'000));
  const auto renewal = BeginKeepAlive(7);
  served_.member().RunFor(milliseconds(100));
  EXPECT_FALSE(renewal->finished);
  served_.member().SetLogStalled(false);
  const auto renewed = served_.Finish(renewal);
  ASSERT_TRUE(renewed.ok());
  EXPECT_EQ(renewed.response().ttl(), 0);
}

TEST_F(LeaseServiceTest, SeveralRenewalsOfACallAreAnsweredInTheirOrder) {
  served_.StartAndWait();
  ASSERT_TRUE(Grant(7, 60).ok());
  std::shared_ptr<Answer<etcdserverpb::LeaseKeepAliveResponse>> answer;
  served_.OnClient([&] {
    etcdserverpb::LeaseKeepAliveRequest request;
    request.set_id(8);  // which is looked for
    answer = served_.client().Start(testing::kLeaseKeepAlive, request);
  });
  ASSERT_TRUE(served_.Finish(answer).ok());
  etcdserverpb::LeaseKeepAliveRequest unknown;
  unknown.set_id(8);
  etcdserverpb::LeaseKeepAliveRequest known;
  known.set_id(7);
  class Ids final : public rpc::ClientHandler {
   public:
    explicit Ids(std::vector<int64_t>* ids) : ids_(*ids) {}
    void OnMessage(base::ByteView message) override {
      etcdserverpb::LeaseKeepAliveResponse response;
      ASSERT_TRUE(response.ParseFromArray(message.data(), static_cast<int>(message.size())));
      ids_.push_back(response.ttl() > 0 ? response.id() : -response.id());
    }
    void OnFinished(const base::Status& status, const http::Headers&) override {
      ids_.push_back(status.ok() ? 0 : 1);
    }

   private:
    std::vector<int64_t>& ids_;
  };
  std::vector<int64_t> ids;
  served_.OnClient([&] {
    const auto call =
        served_.client().Open(testing::kLeaseKeepAlive.path, {}, std::make_unique<Ids>(&ids));
    for (const auto* request : {&known, &unknown, &known, &unknown, &unknown, &known}) {
      call->Send(rpc::Message(request->SerializeAsString()));
    }
    call->HalfClose();
  });
  ASSERT_TRUE(served_.member().RunUntil([&] { return ids.size() == 7; }));
  EXPECT_EQ(ids, (std::vector<int64_t>{7, -8, 7, -8, -8, 7, 0}));
}

TEST_F(LeaseServiceTest, ItTellsHowLongItHasLeft) {
  served_.StartAndWait();
  ASSERT_TRUE(Grant(7, 60).ok());
  for (const char* key : {"b", "a"}) Put(key, 7);
  served_.member().RunFor(seconds(10));
  const auto without = TimeToLive(7);
  ASSERT_TRUE(without.ok());
  EXPECT_EQ(without.response().id(), 7);
  EXPECT_EQ(without.response().grantedttl(), 60);
  EXPECT_GE(without.response().ttl(), 45);
  EXPECT_LE(without.response().ttl(), 50);
  EXPECT_EQ(without.response().keys_size(), 0);
  EXPECT_EQ(without.response().header().revision(), 3);
  const auto with_keys = TimeToLive(7, true);
  ASSERT_EQ(with_keys.response().keys_size(), 2);
  EXPECT_EQ(with_keys.response().keys(0), "a");
  const auto unknown = TimeToLive(8);
  ASSERT_TRUE(unknown.ok());
  EXPECT_EQ(unknown.response().ttl(), -1);
  EXPECT_EQ(unknown.response().grantedttl(), 0);
}

TEST_F(LeaseServiceTest, AreListedInTheOrderOfTheirEnds) {
  served_.StartAndWait();
  ASSERT_TRUE(Grant(7, 60).ok());
  ASSERT_TRUE(Grant(8, 40).ok());
  ASSERT_TRUE(Grant(9, 50).ok());
  EXPECT_EQ(List(), (std::vector<int64_t>{8, 9, 7}));
}

TEST_F(LeaseServiceTest, VeryManyAreListedWhole) {
  served_.StartAndWait();
  std::vector<int64_t> ids;
  for (int64_t id = 1; id <= 2 * static_cast<int64_t>(server::LeaseListing::kListedOfTurn); ++id) {
    ASSERT_TRUE(Grant(id, 60).ok());
    ids.push_back(id);
  }
  const auto first = served_.Begin(testing::kLeaseLeases, etcdserverpb::LeaseLeasesRequest());
  std::vector<int64_t> second = List();  // shares the list after that
  EXPECT_TRUE(served_.Finish(first).ok());
  EXPECT_EQ(first->response().leases_size(), static_cast<int>(ids.size()));
  EXPECT_EQ(second, ids);
}

TEST_F(LeaseServiceTest, AreThereAfterARestartWithAllOfTheirTime) {
  served_.StartAndWait();
  ASSERT_TRUE(Grant(7, 60).ok());
  Put("a", 7);
  served_.member().RunFor(seconds(50));
  served_.Kill();
  served_.StartAndWait();
  EXPECT_GE(TimeToLive(7).response().ttl(), 55);
  served_.member().RunFor(seconds(50));
  EXPECT_EQ(Count("a"), 1);
  served_.member().RunFor(seconds(15));
  EXPECT_EQ(Count("a"), 0);
}

TEST_F(LeaseServiceTest, WithoutALeaderNothingIsRenewed) {
  served_.StartAlone();
  const auto renewed = KeepAlive(7);
  EXPECT_TRUE(renewed.finished);
  EXPECT_EQ(renewed.status, base::errors::kNoLeader);
  EXPECT_EQ(TimeToLive(7).status, base::errors::kNoLeader);
  EXPECT_EQ(List(), std::vector<int64_t>());
}

TEST_F(LeaseServiceTest, TheGatewayServesThem) {
  served_.StartAndWait();
  EXPECT_NE(served_.PostJson("/v3/lease/grant", R"({"ID":7,"TTL":60})").find(R"("ID":"7")"),
            std::string::npos);
  EXPECT_NE(served_.PostJson("/v3/lease/leases", "{}").find(R"([{"ID":"7"}])"), std::string::npos);
  EXPECT_NE(served_.PostJson("/v3/lease/keepalive", R"({"ID":7})").find(R"("TTL":"60")"),
            std::string::npos);
  EXPECT_NE(served_.PostJson("/v3/kv/lease/revoke", R"({"ID":7})").find("200"), std::string::npos);
}

}  // namespace
}  // namespace v3
