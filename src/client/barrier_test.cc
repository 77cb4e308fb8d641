#include <etcd/barrier.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

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
using ::testing::StartsWith;

const Status kExists(Code::kAlreadyExists, "key already exists");
const Status kTooMany(Code::kFailedPrecondition, "too many clients");
const Status kExpired(Code::kAborted, "barrier: session is expired");
const Status kEnteredAlready(Code::kFailedPrecondition, "barrier: entered already");
const Status kNotEntered(Code::kFailedPrecondition, "barrier: not entered");
const Status kCanceled(Code::kCanceled, "context canceled");

class BarrierTest : public client::testing::ConcurrencyFixture {
 protected:
  // Until so many watches have begun.
  void AwaitWatches(size_t count) {
    for (size_t begun = 0; begun < count; std::this_thread::yield()) {
      OnMember([&] { begun = store_.starts.size(); });
    }
  }
};

TEST_F(BarrierTest, WhoWaitsGoesWhenItIsReleased) {
  Barrier barrier(client_.get(), "b");
  EXPECT_TRUE(barrier.Wait().ok());
  ASSERT_TRUE(barrier.Hold().ok());
  EXPECT_THAT(Keys(), ElementsAre("b"));
  EXPECT_EQ(barrier.Hold(), kExists);
  EXPECT_EQ(kExists.ToString(), "key already exists");
  auto waits = Aside([&] { return barrier.Wait(); });
  auto waits_too = Aside([&] { return barrier.Wait(); });
  AwaitWatches(2);
  // Held again at once: they have been let go nevertheless.
  OnMember([&] {
    kv_.DeleteOne("b");
    kv_.PutOne("b", "");
  });
  EXPECT_TRUE(waits.get().ok());
  EXPECT_TRUE(waits_too.get().ok());
  EXPECT_TRUE(barrier.Release().ok());
  EXPECT_TRUE(barrier.Release().ok());
  EXPECT_THAT(Keys(), IsEmpty());
}

TEST_F(BarrierTest, AWaitEndsWithItsHandleAndItsTime) {
  Barrier barrier(client_.get(), "b");
  ASSERT_TRUE(barrier.Hold().ok());
  EXPECT_EQ(barrier.Wait({.timeout = std::chrono::milliseconds(50)}).code(),
            Code::kDeadlineExceeded);
  Cancellation cancellation;
  auto waits = Aside([&] { return barrier.Wait({.cancellation = cancellation}); });
  cancellation.Cancel();
  EXPECT_EQ(waits.get(), kCanceled);
}

TEST_F(BarrierTest, AWaitGoesOnWhereTheHistoryIsCompacted) {
  Barrier barrier(client_.get(), "b");
  ASSERT_TRUE(barrier.Hold().ok());
  OnMember([&] { store_.Compact(1000); });
  auto waits = Aside([&] { return barrier.Wait(); });
  AwaitWatches(1);
  OnMember([&] { store_.Compact(0); });
  ASSERT_TRUE(barrier.Release().ok());
  EXPECT_TRUE(waits.get().ok());
}

class DoubleBarrierTest : public BarrierTest {
 protected:
  // With a session of its own.
  DoubleBarrier& New(int64_t count, int64_t ttl = 60) {
    sessions_.push_back(NewSession({.ttl = ttl}));
    return barriers_.emplace_back(sessions_.back().get(), "d", count);
  }
  std::future<Status> EnterAside(DoubleBarrier* barrier, const CallOptions& options = {}) {
    return Aside([barrier, options] { return barrier->Enter(options); });
  }
  std::future<Status> LeaveAside(DoubleBarrier* barrier, const CallOptions& options = {}) {
    return Aside([barrier, options] { return barrier->Leave(options); });
  }
  void Expire(size_t session) {
    OnMember([&] { kv_.Expire(sessions_[session]->lease()); });
  }

  std::vector<std::unique_ptr<Session>> sessions_;
  std::deque<DoubleBarrier> barriers_;
};

TEST_F(DoubleBarrierTest, AllEnterTogetherAndLeaveTogether) {
  DoubleBarrier& first = New(3);
  DoubleBarrier& second = New(3);
  DoubleBarrier& third = New(3);
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(first.Leave(), kNotEntered);
    auto first_enters = EnterAside(&first);
    AwaitKeys(1);
    EXPECT_THAT(Keys(), ElementsAre(StartsWith("d/waiters/1")));
    auto second_enters = EnterAside(&second);
    AwaitKeys(2);
    OnMember([&] { EXPECT_FALSE(kv_.pairs().contains("d/ready")); });
    ASSERT_TRUE(third.Enter().ok());
    ASSERT_TRUE(first_enters.get().ok());
    ASSERT_TRUE(second_enters.get().ok());
    EXPECT_EQ(first.Enter(), kEnteredAlready);
    auto first_leaves = LeaveAside(&first);
    AwaitKeys(3);  // with the one that says that it is open
    // Who comes meanwhile is not counted with those that have not left.
    EXPECT_EQ(New(3).Enter(), kTooMany);
    auto third_leaves = LeaveAside(&third);
    AwaitKeys(2);
    EXPECT_EQ(first_leaves.wait_for(std::chrono::seconds(0)), std::future_status::timeout);
    ASSERT_TRUE(second.Leave().ok());
    EXPECT_TRUE(first_leaves.get().ok());
    EXPECT_TRUE(third_leaves.get().ok());
    EXPECT_THAT(Keys(), IsEmpty());
  }
}

TEST_F(DoubleBarrierTest, OneMoreThanThereAreToBeIsRefused) {
  DoubleBarrier& first = New(1);
  ASSERT_TRUE(first.Enter().ok());
  EXPECT_EQ(New(1).Enter(), kTooMany);
  EXPECT_THAT(Keys(), SizeIs(2));
  EXPECT_TRUE(first.Leave().ok());
  EXPECT_EQ(New(0).Enter(), kTooMany);
}

// Two see one place, and both come.
TEST_F(DoubleBarrierTest, WhoComesOneTooLateIsTakenBack) {
  DoubleBarrier& first = New(2);
  DoubleBarrier& third = New(2);
  auto first_enters = EnterAside(&first);
  AwaitKeys(1);
  OnMember([&] {
    kv_.txns = 0;
    kv_.before_txn = [this] {
      if (kv_.txns == 2) kv_.PutOne("d/waiters/2", "");
    };
  });
  EXPECT_EQ(third.Enter(), kTooMany);
  EXPECT_THAT(Keys(), SizeIs(2));
  OnMember([&] { kv_.PutOne("d/ready", ""); });
  EXPECT_TRUE(first_enters.get().ok());
}

// It is opened after the look and before the key is put.
TEST_F(DoubleBarrierTest, WhoComesWhileItIsOpenedIsNotCounted) {
  DoubleBarrier& third = New(3);
  OnMember([&] {
    kv_.PutOne("d/waiters/1", "");
    kv_.before_txn = [this] {
      if (kv_.txns == 2) kv_.PutOne("d/ready", "");
    };
  });
  EXPECT_EQ(third.Enter(), kTooMany);
  EXPECT_THAT(Keys(), ElementsAre("d/ready", "d/waiters/1"));
  // One that is left behind when nobody is there lets nobody in.
  OnMember([&] { kv_.DeleteOne("d/waiters/1"); });
  auto enters = EnterAside(&third);
  AwaitKeys(2);
  AwaitWatches(1);
  EXPECT_EQ(enters.wait_for(std::chrono::seconds(0)), std::future_status::timeout);
  OnMember([&] { kv_.PutOne("d/ready", ""); });
  EXPECT_TRUE(enters.get().ok());
}

TEST_F(DoubleBarrierTest, ASessionThatIsLostIsThereNoLonger) {
  DoubleBarrier& first = New(2, /*ttl=*/1);
  auto first_enters = EnterAside(&first);
  AwaitKeys(1);
  Expire(0);
  EXPECT_EQ(first_enters.get(), kExpired);
  DoubleBarrier& second = New(2);
  auto second_enters = EnterAside(&second);
  AwaitKeys(1);
  DoubleBarrier& third = New(2, /*ttl=*/1);
  ASSERT_TRUE(third.Enter().ok());
  ASSERT_TRUE(second_enters.get().ok());
  auto second_leaves = LeaveAside(&second);
  AwaitKeys(2);
  Expire(2);
  EXPECT_TRUE(second_leaves.get().ok());
}

// The others are all there; but its own key is gone, and that it does not know yet.
TEST_F(DoubleBarrierTest, WhoseKeyIsGoneHasNotEntered) {
  DoubleBarrier& first = New(2);
  auto enters = EnterAside(&first);
  AwaitKeys(1);
  AwaitWatches(1);
  const std::string key = Keys()[0];
  OnMember([&] {
    kv_.DeleteOne(key);
    kv_.PutOne("d/ready", "");
  });
  EXPECT_EQ(enters.get(), kExpired);
}

TEST_F(DoubleBarrierTest, WhoGivesUpIsThereNoLonger) {
  DoubleBarrier& first = New(2);
  EXPECT_EQ(first.Enter({.timeout = std::chrono::milliseconds(100)}).code(),
            Code::kDeadlineExceeded);
  EXPECT_THAT(Keys(), IsEmpty());
  Cancellation cancellation;
  auto enters = EnterAside(&first, {.cancellation = cancellation});
  AwaitKeys(1);
  cancellation.Cancel();
  EXPECT_EQ(enters.get(), kCanceled);
  EXPECT_THAT(Keys(), IsEmpty());
  OnMember([&] {
    kv_.txns = 0;
    kv_.before_txn = [this] {
      if (kv_.txns == 2) kv_.txn_answer = base::errors::kTimeout;
    };
  });
  EXPECT_EQ(first.Enter().code(), Code::kUnavailable);
  EXPECT_THAT(Keys(), IsEmpty());
}

TEST_F(DoubleBarrierTest, ALeaveThatEndsEarlyGoesOn) {
  DoubleBarrier& first = New(2);
  DoubleBarrier& second = New(2);
  auto first_enters = EnterAside(&first);
  AwaitKeys(1);
  ASSERT_TRUE(second.Enter().ok());
  ASSERT_TRUE(first_enters.get().ok());
  EXPECT_EQ(first.Leave({.timeout = std::chrono::milliseconds(100)}).code(),
            Code::kDeadlineExceeded);
  EXPECT_EQ(first.Enter(), kEnteredAlready);
  EXPECT_THAT(Keys(), SizeIs(2));
  auto second_leaves = LeaveAside(&second);
  EXPECT_TRUE(first.Leave().ok());
  EXPECT_TRUE(second_leaves.get().ok());
  EXPECT_EQ(first.Leave(), kNotEntered);
}

TEST_F(DoubleBarrierTest, AnEntryGoesOnWhereTheHistoryIsCompacted) {
  DoubleBarrier& first = New(2);
  OnMember([&] { store_.Compact(1000); });
  auto enters = EnterAside(&first);
  AwaitWatches(1);
  OnMember([&] { store_.Compact(0); });
  ASSERT_TRUE(New(2).Enter().ok());
  EXPECT_TRUE(enters.get().ok());
}

}  // namespace
}  // namespace etcd
