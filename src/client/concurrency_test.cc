#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <string>
#include <vector>

#include "client/testing/concurrency_fixture.h"

// Sessions, locks and elections as users have them.

namespace etcd {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

const Status kExpired(Code::kAborted, "mutex: session is expired");
const Status kLocked(Code::kFailedPrecondition, "mutex: Locked by another session");
const Status kReleased(Code::kFailedPrecondition, "mutex: lock has already been released");
const Status kCanceled(Code::kCanceled, "context canceled");

class ConcurrencyTest : public client::testing::ConcurrencyFixture {
 protected:
  std::future<Status> LockAside(Mutex* mutex, const CallOptions& options = {}) {
    return Aside([mutex, options] { return mutex->Lock(options); });
  }
};

TEST_F(ConcurrencyTest, EitherOfTwoHandlesEndsACall) {
  for (const bool by_first : {true, false}) {
    Cancellation first;
    Cancellation second;
    const Cancellation either = Cancellation::Either(first, second);
    EXPECT_FALSE(either.canceled());
    (by_first ? first : second).Cancel();
    EXPECT_TRUE(either.canceled());
    EXPECT_EQ(second.canceled(), !by_first);
    EXPECT_EQ(client_->Get({.key = "k"}, {.cancellation = either}).status().code(),
              Code::kCanceled);
    EXPECT_TRUE(Cancellation::Either(second, first).canceled());
  }
  Cancellation parent;
  Cancellation::Either(parent, parent).Cancel();
  EXPECT_FALSE(parent.canceled());
}

TEST_F(ConcurrencyTest, ALeaseIsKeptAliveUntilTheSinkHasEnough) {
  OnMember([&] { leases_.ttls[5] = 1; });
  int renewals = 0;
  const auto twice = [&renewals](const LeaseKeepAliveResponse& response) {
    EXPECT_EQ(response.id, 5);
    EXPECT_EQ(response.ttl, 1);
    return ++renewals < 2;
  };
  EXPECT_EQ(client_->LeaseKeepAlive(5, {}, twice), kCanceled);
  EXPECT_EQ(renewals, 2);
  Cancellation cancellation;
  std::promise<Status> ended;
  client_->LeaseKeepAlive(
      5, {.cancellation = cancellation},
      [&](const LeaseKeepAliveResponse&) {
        cancellation.Cancel();
        return true;
      },
      [&](const Status& status) { ended.set_value(status); });
  EXPECT_EQ(ended.get_future().get(), kCanceled);
  EXPECT_EQ(client_->LeaseKeepAlive(6, {}, twice).code(), Code::kNotFound);
}

// ---- Sessions ----

TEST_F(ConcurrencyTest, ASessionHasALeaseOfAMinuteThatCloseEnds) {
  std::promise<Status> done;
  const auto session =
      NewSession({.on_done = [&](const Status& status) { done.set_value(status); }});
  OnMember([&] { EXPECT_EQ(leases_.ttls.at(session->lease()), 60); });
  EXPECT_FALSE(session->done().canceled());
  EXPECT_TRUE(session->Close().ok());
  EXPECT_EQ(done.get_future().get(), kCanceled);
  EXPECT_TRUE(session->done().canceled());
  OnMember([&] { EXPECT_THAT(leases_.ttls, IsEmpty()); });
}

TEST_F(ConcurrencyTest, OneThatIsOrphanedLeavesItsLease) {
  const auto session = NewSession();
  session->Orphan();
  EXPECT_TRUE(session->done().canceled());
  OnMember([&] { EXPECT_THAT(leases_.ttls, SizeIs(1)); });
}

TEST_F(ConcurrencyTest, OneWithALeaseThatThereIsGrantsNone) {
  OnMember([&] { leases_.ttls[5] = 10; });
  const auto session = NewSession({.lease = 5});
  EXPECT_EQ(session->lease(), 5);
  OnMember([&] { EXPECT_THAT(leases_.ttls, SizeIs(1)); });
}

TEST_F(ConcurrencyTest, OneWhoseLeaseIsLostSaysSo) {
  std::promise<Status> done;
  const auto session =
      NewSession({.ttl = 1, .on_done = [&](const Status& status) { done.set_value(status); }});
  OnMember([&] { kv_.Expire(session->lease()); });
  EXPECT_EQ(done.get_future().get(),
            Status(Code::kNotFound, "etcdserver: requested lease not found"));
  EXPECT_TRUE(session->done().canceled());
}

// ---- Locks ----

TEST_F(ConcurrencyTest, ALockIsTheOldestKeyOfItsPrefix) {
  const auto session = NewSession();
  Mutex mutex(session.get(), "lock");
  EXPECT_EQ(mutex.token(), 0);
  EXPECT_EQ(mutex.Unlock(), kReleased);
  ASSERT_TRUE(mutex.Lock().ok());
  EXPECT_EQ(mutex.key(), "lock/694d81417acd4701");
  EXPECT_THAT(Keys(), ElementsAre(mutex.key()));
  OnMember([&] {
    EXPECT_EQ(kv_.pairs().at(mutex.key()).create_revision(), mutex.token());
    EXPECT_EQ(kv_.pairs().at(mutex.key()).lease(), session->lease());
  });
  EXPECT_EQ(mutex.header().revision, mutex.token());
  // The session has it already.
  ASSERT_TRUE(mutex.Lock().ok());
  EXPECT_TRUE(mutex.Unlock().ok());
  EXPECT_EQ(mutex.Unlock(), kReleased);
  EXPECT_THAT(Keys(), IsEmpty());
}

TEST_F(ConcurrencyTest, IsOwnerHoldsInATransactionWhileTheLockIsHeld) {
  const auto session = NewSession();
  Mutex mutex(session.get(), "lock");
  const auto guarded = [&](const Compare& compare) {
    return client_
        ->Txn({.compares = {compare}, .success = {OpPut({.key = "guarded"})}, .failure = {}})
        ->succeeded;
  };
  EXPECT_FALSE(guarded(mutex.IsOwner()));
  ASSERT_TRUE(mutex.Lock().ok());
  const Compare owner = mutex.IsOwner();
  EXPECT_TRUE(guarded(owner));
  ASSERT_TRUE(mutex.Unlock().ok());
  EXPECT_FALSE(guarded(owner));
  ASSERT_TRUE(mutex.Lock().ok());
  EXPECT_FALSE(guarded(owner));
}

TEST_F(ConcurrencyTest, OneAfterTheOtherHasItInTheOrderOfTheirAsking) {
  const auto one = NewSession();
  const auto two = NewSession();
  const auto three = NewSession();
  Mutex first(one.get(), "lock");
  Mutex second(two.get(), "lock");
  Mutex third(three.get(), "lock");
  ASSERT_TRUE(first.Lock().ok());
  auto second_locks = LockAside(&second);
  AwaitKeys(2);
  auto third_locks = LockAside(&third);
  AwaitKeys(3);
  ASSERT_TRUE(first.Unlock().ok());
  ASSERT_TRUE(second_locks.get().ok());
  EXPECT_THAT(Keys(), SizeIs(2));
  const int64_t token = second.token();
  ASSERT_TRUE(second.Unlock().ok());
  ASSERT_TRUE(third_locks.get().ok());
  EXPECT_GT(third.token(), token);
}

TEST_F(ConcurrencyTest, WhoIsLeftOutOfTheQueueIsNotWaitedFor) {
  const auto one = NewSession();
  const auto two = NewSession();
  const auto three = NewSession();
  Mutex first(one.get(), "lock");
  Mutex second(two.get(), "lock");
  Mutex third(three.get(), "lock");
  ASSERT_TRUE(first.Lock().ok());
  Cancellation cancellation;
  auto second_locks = LockAside(&second, {.cancellation = cancellation});
  AwaitKeys(2);
  auto third_locks = LockAside(&third);
  AwaitKeys(3);
  cancellation.Cancel();
  EXPECT_EQ(second_locks.get(), kCanceled);
  EXPECT_THAT(Keys(), SizeIs(2));
  EXPECT_EQ(second.token(), 0);
  OnMember([&] { kv_.Expire(one->lease()); });
  EXPECT_TRUE(third_locks.get().ok());
}

TEST_F(ConcurrencyTest, OtherPrefixesAreOtherLocks) {
  const auto one = NewSession();
  const auto two = NewSession();
  Mutex first(one.get(), "lock");
  Mutex second(two.get(), "lock2");
  ASSERT_TRUE(first.Lock().ok());
  EXPECT_TRUE(second.TryLock().ok());
}

TEST_F(ConcurrencyTest, TryLockDoesNotWaitAndLeavesNothing) {
  const auto one = NewSession();
  const auto two = NewSession();
  Mutex first(one.get(), "lock");
  Mutex second(two.get(), "lock");
  ASSERT_TRUE(first.TryLock().ok());
  EXPECT_EQ(second.TryLock(), kLocked);
  EXPECT_THAT(Keys(), ElementsAre(first.key()));
  EXPECT_EQ(second.Unlock(), kReleased);
  ASSERT_TRUE(first.Unlock().ok());
  EXPECT_TRUE(second.TryLock().ok());
}

TEST_F(ConcurrencyTest, WhoseTimeIsOverLeavesTheQueue) {
  const auto one = NewSession();
  const auto two = NewSession();
  Mutex first(one.get(), "lock");
  Mutex second(two.get(), "lock");
  ASSERT_TRUE(first.Lock().ok());
  EXPECT_EQ(second.Lock({.timeout = std::chrono::milliseconds(200)}).code(),
            Code::kDeadlineExceeded);
  EXPECT_THAT(Keys(), ElementsAre(first.key()));
  // One that it holds it does not lose so.
  EXPECT_EQ(first.Lock({.timeout = Duration(0)}).code(), Code::kDeadlineExceeded);
  EXPECT_GT(first.token(), 0);
  EXPECT_THAT(Keys(), ElementsAre(first.key()));
}

TEST_F(ConcurrencyTest, WhoseSessionIsLostWaitsNoLonger) {
  const auto one = NewSession();
  const auto two = NewSession({.ttl = 1});
  Mutex first(one.get(), "lock");
  Mutex second(two.get(), "lock");
  ASSERT_TRUE(first.Lock().ok());
  auto locks = LockAside(&second);
  AwaitKeys(2);
  OnMember([&] { kv_.Expire(two->lease()); });
  EXPECT_EQ(locks.get(), kExpired);
  EXPECT_EQ(kExpired.ToString(), "mutex: session is expired");
  EXPECT_EQ(Status(Code::kUnknown, "mutex: session is expired").ToString(),
            "rpc error: code = Unknown desc = mutex: session is expired")
      << "a member's, which keeps a lock itself";
  EXPECT_EQ(second.Lock(), kExpired);
  EXPECT_EQ(second.TryLock(), kExpired);
  EXPECT_THAT(Keys(), ElementsAre(first.key()));
}

// The one before it goes, and its own key is gone: that is no lock.
TEST_F(ConcurrencyTest, WhoseKeyIsGoneDoesNotHoldTheLock) {
  const auto one = NewSession();
  const auto two = NewSession();
  Mutex first(one.get(), "lock");
  Mutex second(two.get(), "lock");
  ASSERT_TRUE(first.Lock().ok());
  auto locks = LockAside(&second);
  AwaitKeys(2);
  OnMember([&] {
    kv_.Expire(two->lease());
    kv_.Expire(one->lease());
  });
  EXPECT_EQ(locks.get(), kExpired);
}

TEST_F(ConcurrencyTest, AKeyOfWhichNobodyKnowsIsTakenBack) {
  const auto session = NewSession();
  Mutex mutex(session.get(), "lock");
  OnMember([&] { kv_.txn_answer = base::errors::kTimeout; });
  EXPECT_EQ(mutex.Lock().code(), Code::kUnavailable);
  EXPECT_THAT(Keys(), IsEmpty());
  OnMember([&] { kv_.txn_answer = {}; });
  EXPECT_TRUE(mutex.Lock().ok());
}

TEST_F(ConcurrencyTest, WhoMayLeaveYetTakesAnotherPlace) {
  const auto session = NewSession();
  Mutex mutex(session.get(), "lock");
  ASSERT_TRUE(mutex.Lock().ok());
  const int64_t token = mutex.token();
  OnMember([&] { kv_.is_late = true; });
  EXPECT_EQ(mutex.Unlock().code(), Code::kUnavailable);
  OnMember([&] { kv_.is_late = false; });
  Mutex again(session.get(), "lock");
  ASSERT_TRUE(again.Lock().ok());
  EXPECT_GT(again.token(), token);
  OnMember([&] { kv_.DoWhatIsLate(); });
  EXPECT_THAT(Keys(), ElementsAre(again.key()));
  // The first one has left, whatever it was told; the second one's departure is late.
  OnMember([&] { kv_.is_late = true; });
  EXPECT_EQ(again.Unlock().code(), Code::kUnavailable);
  OnMember([&] { kv_.is_late = false; });
  EXPECT_TRUE(mutex.Unlock().ok());
  ASSERT_TRUE(again.Lock().ok());
  OnMember([&] { kv_.DoWhatIsLate(); });
  EXPECT_THAT(Keys(), ElementsAre(again.key()));
  // It has left for certain: no departure is due any more.
  Mutex beside(session.get(), "lock");
  ASSERT_TRUE(beside.Lock().ok());
  EXPECT_EQ(beside.token(), again.token());
}

TEST_F(ConcurrencyTest, WhatTookBackAnUnknownKeyTakesNoOther) {
  const auto session = NewSession();
  Mutex mutex(session.get(), "lock");
  OnMember([&] {
    kv_.before_txn = [this] {
      // The place is taken, which nobody is told; its departure is late.
      kv_.txn_answer = kv_.txns == 1 ? base::Status(base::errors::kTimeout) : base::Status();
      kv_.is_late = kv_.txns == 2;
    };
  });
  EXPECT_EQ(mutex.Lock().code(), Code::kUnavailable);
  ASSERT_TRUE(mutex.Lock().ok());
  OnMember([&] { kv_.DoWhatIsLate(); });
  EXPECT_THAT(Keys(), ElementsAre(mutex.key()));
}

TEST_F(ConcurrencyTest, AWaitGoesOnWhereTheHistoryIsCompacted) {
  const auto one = NewSession();
  const auto two = NewSession();
  Mutex first(one.get(), "lock");
  Mutex second(two.get(), "lock");
  ASSERT_TRUE(first.Lock().ok());
  OnMember([&] { store_.Compact(1000); });
  auto locks = LockAside(&second);
  AwaitKeys(2);
  OnMember([&] { store_.Compact(0); });
  ASSERT_TRUE(first.Unlock().ok());
  EXPECT_TRUE(locks.get().ok());
}

// ---- Elections ----

TEST_F(ConcurrencyTest, OneLeadsAfterTheOther) {
  const auto one = NewSession();
  const auto two = NewSession();
  Election first(one.get(), "election");
  Election second(two.get(), "election");
  EXPECT_EQ(first.Leader().status(), Status(Code::kNotFound, "election: no leader"));
  ASSERT_TRUE(first.Campaign("one").ok());
  EXPECT_EQ(first.key(), "election/694d81417acd4701");
  EXPECT_EQ(second.Leader()->kv.value, "one");
  auto campaigns = Aside([&second] { return second.Campaign("two"); });
  AwaitKeys(2);
  ASSERT_TRUE(first.Proclaim("more").ok());
  EXPECT_EQ(second.Leader()->kv.value, "more");
  ASSERT_TRUE(first.Resign().ok());
  ASSERT_TRUE(campaigns.get().ok());
  EXPECT_EQ(first.Leader()->kv.key, second.key());
  EXPECT_EQ(first.Leader()->kv.create_revision, second.revision());
  EXPECT_EQ(first.Proclaim("late"), Status(Code::kFailedPrecondition, "election: not leader"));
  EXPECT_TRUE(first.Resign().ok());
  // One that leads already changes its value.
  const int64_t revision = second.revision();
  ASSERT_TRUE(second.Campaign("three").ok());
  EXPECT_EQ(second.revision(), revision);
  EXPECT_EQ(first.Leader()->kv.value, "three");
}

TEST_F(ConcurrencyTest, WhoMayResignYetCampaignsAnew) {
  const auto session = NewSession();
  Election election(session.get(), "vote");
  ASSERT_TRUE(election.Campaign("one").ok());
  const int64_t term = election.revision();
  OnMember([&] { kv_.is_late = true; });
  EXPECT_EQ(election.Resign().code(), Code::kUnavailable);
  OnMember([&] { kv_.is_late = false; });
  ASSERT_TRUE(election.Campaign("two").ok());
  EXPECT_GT(election.revision(), term);
  OnMember([&] { kv_.DoWhatIsLate(); });
  const auto leader = election.Leader();
  ASSERT_TRUE(leader.ok());
  EXPECT_EQ(leader->kv.value, "two");
}

TEST_F(ConcurrencyTest, ACampaignEndsWithItsHandleItsTimeAndItsSession) {
  const auto one = NewSession();
  const auto two = NewSession({.ttl = 1});
  Election first(one.get(), "election");
  Election second(two.get(), "election");
  ASSERT_TRUE(first.Campaign("one").ok());
  EXPECT_EQ(second.Campaign("two", {.timeout = std::chrono::milliseconds(200)}).code(),
            Code::kDeadlineExceeded);
  EXPECT_THAT(Keys(), ElementsAre(first.key()));
  Cancellation cancellation;
  auto canceled = Aside([&] { return second.Campaign("two", {.cancellation = cancellation}); });
  AwaitKeys(2);
  cancellation.Cancel();
  EXPECT_EQ(canceled.get(), kCanceled);
  auto lost = Aside([&] { return second.Campaign("two"); });
  AwaitKeys(2);
  OnMember([&] { kv_.Expire(two->lease()); });
  EXPECT_EQ(lost.get(), Status(Code::kAborted, "election: session is expired"));
}

TEST_F(ConcurrencyTest, WhoObservesIsToldOfLeadersAndTheirValues) {
  const auto one = NewSession();
  const auto two = NewSession();
  const auto watcher = NewSession();
  Election first(one.get(), "election");
  Election second(two.get(), "election");
  std::vector<std::string> told;
  std::vector<std::promise<void>> arrived(4);
  auto observed = Aside([&] {
    return Election(watcher.get(), "election").Observe({}, [&](const ElectionLeader& leader) {
      told.push_back(leader.kv.value);
      arrived[told.size() - 1].set_value();
      return told.size() < 4;
    });
  });
  ASSERT_TRUE(first.Campaign("one").ok());
  arrived[0].get_future().wait();
  ASSERT_TRUE(first.Proclaim("more").ok());
  arrived[1].get_future().wait();
  auto campaigns = Aside([&second] { return second.Campaign("two"); });
  AwaitKeys(2);
  OnMember([&] { kv_.Expire(one->lease()); });
  ASSERT_TRUE(campaigns.get().ok());
  arrived[2].get_future().wait();
  ASSERT_TRUE(second.Proclaim("last").ok());
  EXPECT_EQ(observed.get(), kCanceled);
  EXPECT_THAT(told, ElementsAre("one", "more", "two", "last"));
}

TEST_F(ConcurrencyTest, NoneOfItWaitsInACallback) {
  const auto session = NewSession();
  Mutex mutex(session.get(), "lock");
  std::promise<Status> refused;
  client_->Get({.key = "k"}, {},
               [&](const Result<GetResponse>&) { refused.set_value(mutex.Lock()); });
  EXPECT_EQ(refused.get_future().get().code(), Code::kFailedPrecondition);
}

}  // namespace
}  // namespace etcd
