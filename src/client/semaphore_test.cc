#include <etcd/semaphore.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <deque>
#include <future>
#include <memory>
#include <string>
#include <vector>

#include "client/testing/concurrency_fixture.h"

namespace etcd {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

const Status kFull(Code::kFailedPrecondition, "semaphore: no slot is free");
const Status kExpired(Code::kAborted, "semaphore: session is expired");
const Status kReleased(Code::kFailedPrecondition, "semaphore: slot has already been released");
const Status kNegative(Code::kInvalidArgument, "semaphore: limit is negative");
const Status kNoNumber(Code::kFailedPrecondition, "semaphore: limit is not a number");

class SemaphoreTest : public client::testing::ConcurrencyFixture {
 protected:
  // With a session of its own.
  Semaphore& New(SemaphoreOptions options = {.limit = 2}, int64_t ttl = 60) {
    sessions_.push_back(NewSession({.ttl = ttl}));
    return semaphores_.emplace_back(sessions_.back().get(), "s", std::move(options));
  }
  Session& last_session() { return *sessions_.back(); }

  std::future<Status> AcquireAside(Semaphore* semaphore, const CallOptions& options = {}) {
    return Aside([semaphore, options] { return semaphore->Acquire(options); });
  }
  SemaphoreState State() { return Semaphore::State(client_.get(), "s").value(); }
  void AwaitWaiters(size_t count) {
    while (State().waiters.size() != count) std::this_thread::yield();
  }
  void SetLimit(int64_t limit) { ASSERT_TRUE(Semaphore::SetLimit(client_.get(), "s", limit).ok()); }

  std::vector<std::unique_ptr<Session>> sessions_;
  std::deque<Semaphore> semaphores_;
};

TEST_F(SemaphoreTest, AsManyHoldItAsTheLimitSays) {
  Semaphore& first = New({.limit = 2, .name = "one"});
  Semaphore& second = New();
  Semaphore& third = New();
  EXPECT_EQ(first.token(), 0);
  EXPECT_EQ(first.Release(), kReleased);
  ASSERT_TRUE(first.Acquire().ok());
  EXPECT_EQ(first.key(), "s/holders/694d81417acd4701");
  EXPECT_THAT(Keys(), ElementsAre(first.key(), "s/limit"));
  OnMember([&] {
    EXPECT_EQ(kv_.pairs().at(first.key()).create_revision(), first.token());
    EXPECT_EQ(kv_.pairs().at(first.key()).lease(), sessions_[0]->lease());
    EXPECT_EQ(kv_.pairs().at(first.key()).value(), "one");
    EXPECT_EQ(kv_.pairs().at("s/limit").value(), "2");
  });
  EXPECT_EQ(first.header().revision, first.token());
  ASSERT_TRUE(second.TryAcquire().ok());
  EXPECT_GT(second.token(), first.token());
  EXPECT_EQ(third.TryAcquire(), kFull);
  EXPECT_THAT(Keys(), SizeIs(3));
  // The session has it already.
  EXPECT_TRUE(first.Acquire().ok());
  const SemaphoreState state = State();
  EXPECT_EQ(state.limit, 2);
  EXPECT_GT(state.limit_revision, 0);
  EXPECT_THAT(state.waiters, IsEmpty());
  ASSERT_THAT(state.holders, SizeIs(2));
  EXPECT_EQ(state.holders[0].value, "one");
  EXPECT_EQ(state.holders[1].create_revision, second.token());
  ASSERT_TRUE(first.Release().ok());
  EXPECT_EQ(first.Release(), kReleased);
  EXPECT_EQ(first.key(), "");
  EXPECT_TRUE(third.TryAcquire().ok());
}

TEST_F(SemaphoreTest, IsHolderHoldsInATransactionWhileItIsHeld) {
  Semaphore& semaphore = New();
  const auto guarded = [&](const Compare& compare) {
    return client_
        ->Txn({.compares = {compare}, .success = {OpPut({.key = "guarded"})}, .failure = {}})
        ->succeeded;
  };
  EXPECT_FALSE(guarded(semaphore.IsHolder()));
  ASSERT_TRUE(semaphore.Acquire().ok());
  const Compare holder = semaphore.IsHolder();
  EXPECT_TRUE(guarded(holder));
  ASSERT_TRUE(semaphore.Release().ok());
  EXPECT_FALSE(guarded(holder));
  ASSERT_TRUE(semaphore.Acquire().ok());
  EXPECT_FALSE(guarded(holder));
}

TEST_F(SemaphoreTest, WhoAskedBeforeIsLetInBefore) {
  Semaphore& first = New({.limit = 1});
  Semaphore& second = New();
  Semaphore& third = New();
  ASSERT_TRUE(first.Acquire().ok());
  auto second_acquires = AcquireAside(&second);
  AwaitWaiters(1);
  auto third_acquires = AcquireAside(&third);
  AwaitWaiters(2);
  ASSERT_TRUE(first.Release().ok());
  ASSERT_TRUE(second_acquires.get().ok());
  EXPECT_THAT(State().waiters, SizeIs(1));
  // Nobody passes one that waits.
  EXPECT_EQ(first.TryAcquire(), kFull);
  const int64_t token = second.token();
  ASSERT_TRUE(second.Release().ok());
  ASSERT_TRUE(third_acquires.get().ok());
  EXPECT_GT(third.token(), token);
}

TEST_F(SemaphoreTest, TheFirstLimitCountsUntilAnotherIsSetForAll) {
  Semaphore& first = New({.limit = 1});
  Semaphore& second = New({.limit = 5});
  Semaphore& third = New({.limit = 5});
  ASSERT_TRUE(first.Acquire().ok());
  EXPECT_EQ(second.TryAcquire(), kFull);
  auto second_acquires = AcquireAside(&second);
  AwaitWaiters(1);
  auto third_acquires = AcquireAside(&third);
  AwaitWaiters(2);
  SetLimit(2);
  ASSERT_TRUE(second_acquires.get().ok());
  // Nothing is taken from who holds it; the next one is let in when fewer do.
  SetLimit(1);
  ASSERT_TRUE(first.Release().ok());
  EXPECT_EQ(first.TryAcquire(), kFull);
  EXPECT_THAT(State().holders, SizeIs(1));
  ASSERT_TRUE(second.Release().ok());
  EXPECT_TRUE(third_acquires.get().ok());
}

TEST_F(SemaphoreTest, OfTwoLimitsAtTheSameTimeOneCountsForBoth) {
  Semaphore& first = New({.limit = 1});
  Semaphore& second = New({.limit = 2});
  // Both have seen that there is none; the first one's is to be set when the second one's is.
  OnMember([&] {
    kv_.before_txn = [this] {
      if (kv_.txns == 2) kv_.PutOne("s/limit", "2");
    };
  });
  ASSERT_TRUE(first.Acquire().ok());
  EXPECT_EQ(State().limit, 2);
  EXPECT_TRUE(second.TryAcquire().ok());
}

TEST_F(SemaphoreTest, NobodyIsLetInByALimitThatIsNoLonger) {
  SetLimit(1);
  Semaphore& semaphore = New();
  OnMember([&] {
    kv_.before_txn = [this] {
      if (kv_.txns == 2) kv_.PutOne("s/limit", "0");
    };
  });
  EXPECT_EQ(semaphore.TryAcquire(), kFull);
  EXPECT_THAT(Keys(), ElementsAre("s/limit"));
  auto acquires = AcquireAside(&semaphore);
  AwaitWaiters(1);
  SetLimit(1);
  EXPECT_TRUE(acquires.get().ok());
}

TEST_F(SemaphoreTest, ALimitThatIsTakenAwayIsSetAnew) {
  SetLimit(0);
  Semaphore& semaphore = New();
  auto acquires = AcquireAside(&semaphore);
  AwaitWaiters(1);
  OnMember([&] { kv_.DeleteOne("s/limit"); });
  ASSERT_TRUE(acquires.get().ok());
  EXPECT_EQ(State().limit, 2);
}

TEST_F(SemaphoreTest, LimitsThatAreNoneAreRefused) {
  EXPECT_EQ(New({.limit = -1}).Acquire(), kNegative);
  EXPECT_EQ(Semaphore::SetLimit(client_.get(), "s", -1), kNegative);
  EXPECT_THAT(Keys(), IsEmpty());
  EXPECT_EQ(State().limit, std::nullopt);
  OnMember([&] { kv_.PutOne("s/limit", "3 of them"); });
  EXPECT_EQ(New().Acquire(), kNoNumber);
  EXPECT_EQ(Semaphore::State(client_.get(), "s").status(), kNoNumber);
  EXPECT_THAT(Keys(), ElementsAre("s/limit"));
  EXPECT_EQ(kNoNumber.ToString(), "semaphore: limit is not a number");
}

TEST_F(SemaphoreTest, WhoGivesUpIsNotWaitedFor) {
  Semaphore& first = New({.limit = 1});
  ASSERT_TRUE(first.Acquire().ok());
  Semaphore& second = New();
  Semaphore& third = New();
  EXPECT_EQ(second.Acquire({.timeout = std::chrono::milliseconds(200)}).code(),
            Code::kDeadlineExceeded);
  EXPECT_THAT(State().waiters, IsEmpty());
  Cancellation cancellation;
  auto second_acquires = AcquireAside(&second, {.cancellation = cancellation});
  AwaitWaiters(1);
  auto third_acquires = AcquireAside(&third);
  AwaitWaiters(2);
  cancellation.Cancel();
  EXPECT_EQ(second_acquires.get(), Status(Code::kCanceled, "context canceled"));
  EXPECT_THAT(State().waiters, SizeIs(1));
  ASSERT_TRUE(first.Release().ok());
  EXPECT_TRUE(third_acquires.get().ok());
  // One that holds it does not lose it so.
  EXPECT_EQ(third.Acquire({.timeout = Duration(0)}).code(), Code::kDeadlineExceeded);
  EXPECT_GT(third.token(), 0);
}

TEST_F(SemaphoreTest, ASessionThatIsLostGivesItBackAndWaitsNoLonger) {
  Semaphore& first = New({.limit = 1});
  ASSERT_TRUE(first.Acquire().ok());
  Semaphore& second = New({}, /*ttl=*/1);
  auto second_acquires = AcquireAside(&second);
  AwaitWaiters(1);
  Semaphore& third = New();
  auto third_acquires = AcquireAside(&third);
  AwaitWaiters(2);
  OnMember([&] { kv_.Expire(sessions_[1]->lease()); });
  EXPECT_EQ(second_acquires.get(), kExpired);
  EXPECT_EQ(kExpired.ToString(), "semaphore: session is expired");
  OnMember([&] { kv_.Expire(sessions_[0]->lease()); });
  EXPECT_TRUE(third_acquires.get().ok());
  ASSERT_TRUE(sessions_[2]->Close().ok());
  EXPECT_EQ(third.Acquire(), kExpired);
}

TEST_F(SemaphoreTest, APlaceOfWhichNobodyKnowsIsTakenBack) {
  Semaphore& semaphore = New();
  for (const int unanswered : {1, 2, 3}) {  // to wait, to set the limit, to be let in
    OnMember([&] {
      kv_.DeleteOne("s/limit");
      kv_.txns = 0;
      kv_.before_txn = [this, unanswered] {
        kv_.txn_answer =
            kv_.txns == unanswered ? base::Status(base::errors::kTimeout) : base::Status();
      };
    });
    EXPECT_EQ(semaphore.Acquire().code(), Code::kUnavailable);
    EXPECT_EQ(semaphore.token(), 0);
    const SemaphoreState state = State();
    EXPECT_THAT(state.waiters, IsEmpty());
    EXPECT_THAT(state.holders, IsEmpty());
  }
}

TEST_F(SemaphoreTest, WhoMayGiveItBackYetIsLetInAnew) {
  Semaphore& semaphore = New();
  ASSERT_TRUE(semaphore.Acquire().ok());
  const int64_t token = semaphore.token();
  OnMember([&] { kv_.is_late = true; });
  EXPECT_EQ(semaphore.Release().code(), Code::kUnavailable);
  OnMember([&] { kv_.is_late = false; });
  ASSERT_TRUE(semaphore.Acquire().ok());
  EXPECT_GT(semaphore.token(), token);
  OnMember([&] { kv_.DoWhatIsLate(); });
  EXPECT_THAT(State().holders, SizeIs(1));
}

TEST_F(SemaphoreTest, WhoMayLeaveTheQueueYetWaitsAnew) {
  Semaphore& first = New({.limit = 1});
  Semaphore& second = New();
  ASSERT_TRUE(first.Acquire().ok());
  OnMember([&] {
    kv_.txns = 0;
    kv_.before_txn = [this] { kv_.is_late = kv_.txns == 2; };  // its departure
  });
  EXPECT_EQ(second.TryAcquire().message(), "semaphore: no slot is free");
  const SemaphoreState before = State();
  ASSERT_THAT(before.waiters, SizeIs(1));
  auto acquires = AcquireAside(&second);
  for (SemaphoreState state = before; state.waiters == before.waiters;) {
    AwaitWaiters(1);
    state = State();
  }
  AwaitWaiters(1);
  OnMember([&] { kv_.DoWhatIsLate(); });
  ASSERT_TRUE(first.Release().ok());
  EXPECT_TRUE(acquires.get().ok());
}

TEST_F(SemaphoreTest, AWaitGoesOnWhereTheHistoryIsCompacted) {
  Semaphore& first = New({.limit = 1});
  Semaphore& second = New();
  ASSERT_TRUE(first.Acquire().ok());
  OnMember([&] { store_.Compact(1000); });
  auto acquires = AcquireAside(&second);
  AwaitWaiters(1);
  OnMember([&] { store_.Compact(0); });
  ASSERT_TRUE(first.Release().ok());
  EXPECT_TRUE(acquires.get().ok());
}

TEST_F(SemaphoreTest, NeverDoMoreHoldItThanTheLimitSaysHoweverManyWant) {
  std::atomic<int> holders = 0;
  std::atomic<int> most = 0;
  std::vector<std::future<Status>> ended;
  for (int i = 0; i < 6; ++i) {
    Semaphore& semaphore = New({.limit = 3});
    ended.push_back(Aside([&] {
      for (int round = 0; round < 10; ++round) {
        if (Status status = semaphore.Acquire(); !status.ok()) return status;
        const int now = ++holders;
        for (int before = most; before < now && !most.compare_exchange_weak(before, now);) {
        }
        --holders;
        if (Status status = semaphore.Release(); !status.ok()) return status;
      }
      return Status();
    }));
  }
  for (std::future<Status>& each : ended) EXPECT_TRUE(each.get().ok());
  EXPECT_LE(most, 3);
  EXPECT_THAT(Keys(), ElementsAre("s/limit"));
}

}  // namespace
}  // namespace etcd
