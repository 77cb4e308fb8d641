#include "api/v3/lock_service.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "api/v3/testing/requests.h"
#include "api/v3/testing/served_member.h"
#include "base/errors.h"

namespace v3 {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::Answer;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using LockAnswer = Answer<v3lockpb::LockResponse>;

class LockServiceTest : public ::testing::Test {
 protected:
  void SetUp() override {
    served_.StartAndWait();
    for (const int64_t lease : {0x1a, 0x2b, 0x3c}) Grant(lease);
  }
  void Grant(int64_t lease) {
    etcdserverpb::LeaseGrantRequest request;
    request.set_id(lease);
    request.set_ttl(600);
    ASSERT_TRUE(served_.Call(testing::kLeaseGrant, request).ok());
  }
  void Revoke(int64_t lease) {
    etcdserverpb::LeaseRevokeRequest request;
    request.set_id(lease);
    ASSERT_TRUE(served_.Call(testing::kLeaseRevoke, request).ok());
    RunFor(milliseconds(50));
  }
  static v3lockpb::LockRequest LockOf(const std::string& name, int64_t lease) {
    v3lockpb::LockRequest request;
    request.set_name(name);
    request.set_lease(lease);
    return request;
  }
  LockAnswer Lock(const std::string& name, int64_t lease) {
    return served_.Call(testing::kLock, LockOf(name, lease));
  }
  // A call that waits.
  std::shared_ptr<LockAnswer> BeginLock(const std::string& name, int64_t lease) {
    auto answer = served_.Begin(testing::kLock, LockOf(name, lease));
    RunFor(milliseconds(50));
    return answer;
  }
  Answer<v3lockpb::UnlockResponse> Unlock(const std::string& key) {
    v3lockpb::UnlockRequest request;
    request.set_key(key);
    const auto answer = served_.Call(testing::kUnlock, request);
    RunFor(milliseconds(50));
    return answer;
  }
  std::vector<std::string> Keys() {
    std::vector<std::string> keys;
    const auto answer = served_.Call(testing::kRange, testing::GetAll());
    for (const auto& kv : answer.response().kvs()) keys.push_back(kv.key());
    return keys;
  }
  std::string Metrics() { return served_.member().Metrics(); }
  void RunFor(runtime::Duration duration) { served_.member().RunFor(duration); }

  testing::ServedMember served_;
};

TEST_F(LockServiceTest, IsHeldByTheFirstWhoAsksAlsoIfHeAsksAgain) {
  for (int i = 0; i < 2; ++i) {
    const LockAnswer answer = Lock("a", 0x1a);
    ASSERT_TRUE(answer.ok());
    EXPECT_EQ(answer.response().key(), "a/1a");
    EXPECT_EQ(answer.response().header().revision(), 2 + i);
    EXPECT_NE(answer.response().header().member_id(), 0u);
  }
  const auto key = served_.Call(testing::kRange, testing::Get("a/1a"));
  ASSERT_EQ(key.response().kvs_size(), 1);
  EXPECT_EQ(key.response().kvs(0).value(), "");
  EXPECT_EQ(key.response().kvs(0).lease(), 0x1a);
}

TEST_F(LockServiceTest, AnEmptyNameIsOneToo) {
  EXPECT_EQ(Lock("", 0x1a).response().key(), "/1a");
}

TEST_F(LockServiceTest, WithoutALeaseItHasOneOfAMinuteThatNobodyRenews) {
  const LockAnswer answer = Lock("a", 0);
  ASSERT_TRUE(answer.ok());
  const std::string& key = answer.response().key();
  const auto kv = served_.Call(testing::kRange, testing::Get(key)).response().kvs(0);
  EXPECT_EQ(std::stoll(key.substr(2), nullptr, 16), kv.lease());
  RunFor(seconds(55));
  EXPECT_THAT(Keys(), ElementsAre(key));
  RunFor(seconds(15));
  EXPECT_THAT(Keys(), IsEmpty());
}

TEST_F(LockServiceTest, ALeaseThatIsNotThereIsToldWithCodeUnknown) {
  for (const int64_t lease : {int64_t{999}, int64_t{-5}}) {
    const LockAnswer answer = Lock("a", lease);
    EXPECT_EQ(answer.status.code(), base::Code::kUnknown);
    EXPECT_EQ(answer.status.message(), base::errors::kLeaseNotFound.text);
  }
  EXPECT_THAT(Keys(), IsEmpty());
}

TEST_F(LockServiceTest, IsHandedOnInTheOrderOfTheQueue) {
  ASSERT_TRUE(Lock("a", 0x3c).ok());
  const auto second = BeginLock("a", 0x2b);
  const auto third = BeginLock("a", 0x1a);
  EXPECT_FALSE(second->finished);
  EXPECT_THAT(Metrics(), HasSubstr("etcd_debugging_mvcc_watcher_total 2\n"));
  EXPECT_EQ(Unlock("a/3c").response().header().revision(), 5);
  ASSERT_TRUE(second->ok());
  EXPECT_EQ(second->response().key(), "a/2b");
  EXPECT_EQ(second->response().header().revision(), 5);
  EXPECT_FALSE(third->finished);
  Revoke(0x2b);
  ASSERT_TRUE(third->ok());
  EXPECT_EQ(third->response().header().revision(), 6);
  EXPECT_THAT(Metrics(), HasSubstr("etcd_debugging_mvcc_watcher_total 0\n"));
}

TEST_F(LockServiceTest, WhoeverHasAKeyBelowTheNameIsInTheQueue) {
  ASSERT_TRUE(served_.Call(testing::kPut, testing::Put("a/zzz")).ok());
  ASSERT_TRUE(served_.Call(testing::kPut, testing::Put("a0")).ok());
  ASSERT_TRUE(served_.Call(testing::kPut, testing::Put("a.")).ok());
  const auto waiting = BeginLock("a", 0x1a);
  EXPECT_FALSE(waiting->finished);
  ASSERT_TRUE(Unlock("a/zzz").ok());
  EXPECT_TRUE(waiting->ok());
}

TEST_F(LockServiceTest, OneWhoLosesHisPlaceWhileHeWaitsIsToldOnceItIsHisTurn) {
  ASSERT_TRUE(Lock("a", 0x1a).ok());
  const auto lost = BeginLock("a", 0x2b);
  Revoke(0x2b);
  EXPECT_FALSE(lost->finished);
  ASSERT_TRUE(Unlock("a/1a").ok());
  EXPECT_EQ(lost->status, base::errors::kSessionExpired);
}

TEST_F(LockServiceTest, APlaceThatWasTakenAnewIsAnother) {
  ASSERT_TRUE(Lock("a", 0x1a).ok());
  const auto lost = BeginLock("a", 0x2b);
  const auto next = BeginLock("a", 0x3c);
  ASSERT_TRUE(Unlock("a/2b").ok());
  const auto anew = BeginLock("a", 0x2b);
  ASSERT_TRUE(Unlock("a/1a").ok());
  EXPECT_EQ(lost->status, base::errors::kSessionExpired);
  EXPECT_TRUE(next->ok());
  EXPECT_FALSE(anew->finished);
  ASSERT_TRUE(Unlock("a/3c").ok());
  EXPECT_TRUE(anew->ok());
}

TEST_F(LockServiceTest, WhoDoesNotWaitAnyMoreLeavesTheQueue) {
  ASSERT_TRUE(Lock("a", 0x1a).ok());
  const auto canceled = BeginLock("a", 0x2b);
  EXPECT_THAT(Keys(), ElementsAre("a/1a", "a/2b"));
  served_.OnClient([&] { canceled->call->Cancel(); });
  RunFor(milliseconds(50));
  EXPECT_THAT(Keys(), ElementsAre("a/1a"));
  const LockAnswer late =
      served_.Call(testing::kLock, LockOf("a", 0x3c), served_.Within(milliseconds(200)));
  EXPECT_EQ(late.status.code(), base::Code::kDeadlineExceeded);
  RunFor(milliseconds(50));
  EXPECT_THAT(Keys(), ElementsAre("a/1a"));
  EXPECT_THAT(Metrics(), HasSubstr("etcd_debugging_mvcc_watcher_total 0\n"));
}

TEST_F(LockServiceTest, WhoLeavesWhileHisKeyIsOnItsWayLeavesNothing) {
  served_.member().SetRaftPaused(true);
  const auto canceled = BeginLock("a", 0x1a);
  served_.OnClient([&] { canceled->call->Cancel(); });
  RunFor(milliseconds(50));
  served_.member().SetRaftPaused(false);
  RunFor(milliseconds(200));
  EXPECT_THAT(Keys(), IsEmpty());
  EXPECT_EQ(Unlock("a/1a").response().header().revision(), 3);  // it was put, and deleted
}

TEST_F(LockServiceTest, AHolderWhoAsksAgainAndLeavesHoldsItStill) {
  ASSERT_TRUE(Lock("a", 0x1a).ok());
  served_.member().SetRaftPaused(true);
  const auto canceled = BeginLock("a", 0x1a);
  served_.OnClient([&] { canceled->call->Cancel(); });
  RunFor(milliseconds(50));
  served_.member().SetRaftPaused(false);
  RunFor(milliseconds(200));
  EXPECT_THAT(Keys(), ElementsAre("a/1a"));
}

// As a client does whose connection was lost, maybe at another member.
TEST_F(LockServiceTest, OneWhoAsksAgainKeepsHisPlaceWhenTheFirstCallEnds) {
  ASSERT_TRUE(Lock("a", 0x1a).ok());
  const auto first = BeginLock("a", 0x2b);
  const auto second = BeginLock("a", 0x2b);
  const auto next = BeginLock("a", 0x3c);
  served_.OnClient([&] { first->call->Cancel(); });
  RunFor(milliseconds(50));
  EXPECT_THAT(Keys(), ElementsAre("a/1a", "a/2b", "a/3c"));
  ASSERT_TRUE(Unlock("a/1a").ok());
  EXPECT_TRUE(second->ok());
  EXPECT_FALSE(next->finished);
  served_.OnClient([&] { next->call->Cancel(); });
  RunFor(milliseconds(50));
  EXPECT_THAT(Keys(), ElementsAre("a/2b"));
}

TEST_F(LockServiceTest, WhoTellsThatItIsFirstWritesAPlaceThatAnotherHasWritten) {
  ASSERT_TRUE(Lock("a", 0x1a).ok());
  const auto first = BeginLock("a", 0x2b);
  const auto second = BeginLock("a", 0x2b);
  ASSERT_TRUE(Unlock("a/1a").ok());
  EXPECT_TRUE(first->ok());
  EXPECT_TRUE(second->ok());
  const auto key = served_.Call(testing::kRange, testing::Get("a/2b"));
  // By the first, twice, and by the second.
  EXPECT_EQ(key.response().kvs(0).version(), 3);
}

TEST_F(LockServiceTest, ACompactionThatPassesWhoWaitsHoldsNobodyUp) {
  ASSERT_TRUE(Lock("a", 0x1a).ok());
  const auto waiting = BeginLock("a", 0x2b);
  // The holder goes, and what tells so is neither in memory nor in the database any more before the
  // loop comes to it.
  served_.member().SetRaftPaused(true);
  served_.Begin(testing::kDeleteRange, testing::Delete("a/1a"));
  RunFor(milliseconds(20));
  for (int i = 0; i < 40; ++i) {
    served_.Begin(testing::kPut, testing::Put("b", std::string(1'000'000, 'x')));
    RunFor(milliseconds(20));
  }
  const auto compacted = served_.Begin(testing::kCompact, testing::CompactTo(44));
  RunFor(milliseconds(20));
  served_.member().scheduler().SetPaused(&served_.member().net_loop(), true);
  served_.member().SetRaftPaused(false);
  RunFor(seconds(1));
  served_.member().scheduler().SetPaused(&served_.member().net_loop(), false);
  RunFor(milliseconds(200));
  EXPECT_TRUE(compacted->ok());
  EXPECT_TRUE(waiting->ok());
}

TEST_F(LockServiceTest, AQueueIsLookedAtInSteps) {
  for (int i = 0; i < 3000; ++i) {
    const std::string key = "a/" + std::to_string(10000 + i);
    ASSERT_TRUE(served_.Call(testing::kPut, testing::Put(key)).ok());
  }
  const auto waiting = BeginLock("a", 0x1a);
  EXPECT_FALSE(waiting->finished);
  etcdserverpb::DeleteRangeRequest request = testing::Delete("a/1000");
  request.set_range_end("a/12");
  ASSERT_TRUE(served_.Call(testing::kDeleteRange, request).ok());
  RunFor(milliseconds(50));
  EXPECT_FALSE(waiting->finished);
  request.set_range_end("a/13");
  ASSERT_TRUE(served_.Call(testing::kDeleteRange, request).ok());
  EXPECT_TRUE(served_.Finish(waiting).ok());
}

TEST_F(LockServiceTest, WhoWaitsIsToldThatTheMemberStopsAndLeavesTheQueue) {
  ASSERT_TRUE(Lock("a", 0x1a).ok());
  const auto waiting = BeginLock("a", 0x2b);
  served_.member().net_loop().Post([this] { served_.front().Drain(); });
  RunFor(milliseconds(100));
  EXPECT_EQ(waiting->status, base::errors::kStopped);
  served_.Kill();
  served_.StartAndWait();
  EXPECT_THAT(Keys(), ElementsAre("a/1a"));
}

TEST_F(LockServiceTest, WithoutRoomForItsWatchACallIsRefusedBeforeItQueues) {
  served_.Kill();
  served_.options().watch_bytes_max = 1;
  served_.StartAndWait();
  ASSERT_TRUE(Lock("a", 0x1a).ok());
  const auto waiting = BeginLock("a", 0x2b);
  EXPECT_FALSE(waiting->finished);
  EXPECT_EQ(Lock("a", 0x3c).status, base::errors::kTooManyRequests);
  EXPECT_THAT(Keys(), ElementsAre("a/1a", "a/2b"));
}

TEST_F(LockServiceTest, AKeyThatIsNotThereIsUnlockedToo) {
  const auto unlocked = Unlock("nothing");
  ASSERT_TRUE(unlocked.ok());
  EXPECT_EQ(unlocked.response().header().revision(), 1);
  const auto empty = Unlock("");
  EXPECT_EQ(empty.status.code(), base::Code::kUnknown);
  EXPECT_EQ(empty.status.message(), base::errors::kEmptyKey.text);
}

TEST_F(LockServiceTest, IsCountedAsAUnaryCall) {
  rpc::ClientCall::Options options;
  options.metadata.Add("client-api-version", "3.7");
  ASSERT_TRUE(served_.Call(testing::kLock, LockOf("a", 0x1a), options).ok());
  EXPECT_THAT(Metrics(), HasSubstr("{client_api_version=\"3.7\",type=\"unary\"} 1\n"));
}

TEST_F(LockServiceTest, TheGatewayServesIt) {
  const std::string locked = served_.PostJson("/v3/lock/lock", R"({"name":"YQ==","lease":"26"})");
  EXPECT_THAT(locked, HasSubstr(R"("key":"YS8xYQ==")"));
  const std::string unlocked = served_.PostJson("/v3/lock/unlock", R"({"key":"YS8xYQ=="})");
  EXPECT_THAT(unlocked, HasSubstr(R"("revision":"3")"));
  EXPECT_THAT(served_.PostJson("/v3/lock/unlock", "{}"),
              HasSubstr(R"("message":"etcdserver: key is not provided")"));
}

TEST_F(LockServiceTest, WhoSendsNoMoreOverHttp1MayHaveGoneAndLeavesTheQueue) {
  ASSERT_TRUE(Lock("a", 0x1a).ok());
  const auto client = served_.BeginJson("/v3/lock/lock", R"({"name":"YQ==","lease":"43"})");
  RunFor(milliseconds(50));
  EXPECT_THAT(Keys(), ElementsAre("a/1a", "a/2b"));
  served_.OnClient([&] { client->ShutdownWrite(); });
  RunFor(milliseconds(50));
  EXPECT_THAT(Keys(), ElementsAre("a/1a"));
}

TEST(LockServiceWithoutLeaderTest, AsksForOneOnce) {
  testing::ServedMember served;
  served.StartAlone();
  rpc::ClientCall::Options options;
  options.metadata.Add("hasleader", "true");
  const auto refused = served.Call(testing::kLock, v3lockpb::LockRequest(), options);
  EXPECT_EQ(refused.status, base::errors::kNoLeader);
}

}  // namespace
}  // namespace v3
