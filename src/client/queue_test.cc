#include <etcd/queue.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <future>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "client/testing/concurrency_fixture.h"

namespace etcd {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::StartsWith;

const Status kEmpty(Code::kNotFound, "queue: no element");
const Status kCanceled(Code::kCanceled, "context canceled");

class QueueTest : public client::testing::ConcurrencyFixture {
 protected:
  // Until so many watches have begun.
  void AwaitWatches(size_t count) {
    for (size_t begun = 0; begun < count; std::this_thread::yield()) {
      OnMember([&] { begun = store_.starts.size(); });
    }
  }
  std::string Taken(Queue* queue) { return queue->TryDequeue().value().value; }

  Queue queue_{client_.get(), "q"};
};

TEST_F(QueueTest, ElementsComeInTheOrderInWhichTheyWerePut) {
  EXPECT_EQ(queue_.TryDequeue().status(), kEmpty);
  EXPECT_EQ(kEmpty.ToString(), "queue: no element");
  ASSERT_TRUE(queue_.Enqueue("one").ok());
  EXPECT_THAT(Keys(), ElementsAre(StartsWith("q/1")));
  OnMember([&] {
    EXPECT_EQ(kv_.pairs().begin()->first.size(), std::string("q/1770000000000000000").size());
    // By others, whose clocks are behind; and of another queue.
    kv_.PutOne("q/0002", "two");
    kv_.PutOne("q/0001", "three");
    kv_.PutOne("q2/1", "another");
  });
  const auto first = queue_.TryDequeue();
  ASSERT_TRUE(first.ok());
  EXPECT_EQ(first->value, "one");
  EXPECT_THAT(first->key, StartsWith("q/1"));
  EXPECT_EQ(Taken(&queue_), "two");
  EXPECT_EQ(Taken(&queue_), "three");
  EXPECT_EQ(queue_.TryDequeue().status(), kEmpty);
  EXPECT_THAT(Keys(), ElementsAre("q2/1"));
}

TEST_F(QueueTest, OneLookIsForSeveralElementsUntilAnotherHasTakenOne) {
  for (int i = 0; i < 4; ++i) ASSERT_TRUE(queue_.Enqueue(std::to_string(i)).ok());
  Queue other(client_.get(), "q");
  OnMember([&] { kv_.ranges = 0; });
  EXPECT_EQ(Taken(&queue_), "0");
  EXPECT_EQ(Taken(&queue_), "1");
  OnMember([&] { EXPECT_EQ(kv_.ranges, 1); });
  EXPECT_EQ(Taken(&other), "2");
  EXPECT_EQ(Taken(&queue_), "3");
  OnMember([&] { EXPECT_EQ(kv_.ranges, 3); });
  EXPECT_EQ(other.TryDequeue().status(), kEmpty);
}

TEST_F(QueueTest, WhoWaitsTakesWhatComes) {
  auto waits = Aside([&] {
    const auto taken = queue_.Dequeue();
    EXPECT_EQ(taken.value().value, "late");
    return taken.status();
  });
  AwaitWatches(1);
  // One that is taken at once by somebody else.
  OnMember([&] {
    kv_.PutOne("q/1", "gone");
    kv_.DeleteOne("q/1");
  });
  AwaitWatches(2);
  OnMember([&] { kv_.PutOne("q/2", "late"); });
  EXPECT_TRUE(waits.get().ok());
  EXPECT_THAT(Keys(), IsEmpty());
}

TEST_F(QueueTest, AWaitGoesOnWhereTheHistoryIsCompacted) {
  OnMember([&] { store_.Compact(1000); });
  auto waits = Aside([&] { return queue_.Dequeue().status(); });
  AwaitWatches(1);
  OnMember([&] { store_.Compact(0); });
  ASSERT_TRUE(queue_.Enqueue("late").ok());
  EXPECT_TRUE(waits.get().ok());
}

TEST_F(QueueTest, AWaitEndsWithItsHandleAndItsTimeAndTakesNothing) {
  EXPECT_EQ(queue_.Dequeue({.timeout = std::chrono::milliseconds(50)}).status().code(),
            Code::kDeadlineExceeded);
  Cancellation cancellation;
  auto waits = Aside([&] { return queue_.Dequeue({.cancellation = cancellation}).status(); });
  cancellation.Cancel();
  EXPECT_EQ(waits.get(), kCanceled);
  ASSERT_TRUE(queue_.Enqueue("one").ok());
  ASSERT_TRUE(queue_.Enqueue("two").ok());
  EXPECT_EQ(Taken(&queue_), "one");
  // Now it knows which one is next.
  EXPECT_EQ(queue_.Dequeue({.cancellation = cancellation}).status(), kCanceled);
  EXPECT_EQ(queue_.Dequeue({.timeout = Duration(0)}).status().code(), Code::kDeadlineExceeded);
  EXPECT_THAT(Keys(), SizeIs(1));
}

// The one that is being taken is not lost.
TEST_F(QueueTest, WhoIsCanceledWhileItTakesOneHasIt) {
  ASSERT_TRUE(queue_.Enqueue("one").ok());
  Cancellation cancellation;
  OnMember([&] { kv_.before_txn = [&cancellation] { cancellation.Cancel(); }; });
  const auto taken = queue_.Dequeue({.cancellation = cancellation});
  ASSERT_TRUE(taken.ok());
  EXPECT_EQ(taken->value, "one");
}

TEST_F(QueueTest, AnElementWhoseTakingIsNotAnsweredIsNotHandedOutAgain) {
  ASSERT_TRUE(queue_.Enqueue("one").ok());
  ASSERT_TRUE(queue_.Enqueue("two").ok());
  for (const bool is_second_answered : {true, false}) {
    OnMember([&] {
      kv_.txns = 0;
      kv_.before_txn = [this, is_second_answered] {
        const bool is_lost = kv_.txns == 1 || (kv_.txns == 2 && !is_second_answered);
        kv_.txn_answer = is_lost ? base::Status(base::errors::kTimeout) : base::Status();
      };
    });
    const std::string key = client_->Get(Prefix("q/"))->kvs[0].key;
    const Status status = queue_.TryDequeue().status();
    EXPECT_EQ(status, Status(Code::kUnknown, "queue: an element may be lost"));
    EXPECT_EQ(status.cause(), key + ": etcdserver: request timed out");
  }
  EXPECT_EQ(queue_.TryDequeue().status(), kEmpty);
}

TEST_F(QueueTest, ATakingThatWasNotDoneIsDone) {
  ASSERT_TRUE(queue_.Enqueue("one").ok());
  OnMember([&] {
    kv_.txns = 0;
    kv_.before_txn = [this] {
      kv_.fails_compares = kv_.txns == 1;
      kv_.txn_answer = kv_.txns == 1 ? base::Status(base::errors::kTimeout) : base::Status();
    };
  });
  EXPECT_EQ(Taken(&queue_), "one");
  EXPECT_EQ(queue_.TryDequeue().status(), kEmpty);
}

TEST_F(QueueTest, ANameThatIsTakenIsNotPutOver) {
  OnMember([&] {
    kv_.before_txn = [this] {
      if (kv_.txns == 1) kv_.fails_compares = true;
      if (kv_.txns == 2) kv_.fails_compares = false;
    };
  });
  ASSERT_TRUE(queue_.Enqueue("one").ok());
  OnMember([&] { EXPECT_EQ(kv_.txns, 2); });
  EXPECT_THAT(Keys(), SizeIs(1));
}

TEST_F(QueueTest, EachElementIsHandedOutOnceHoweverManyTakeThem) {
  std::mutex mutex;
  std::multiset<std::string> taken;
  std::vector<std::future<Status>> ended;
  for (int i = 0; i < 3; ++i) {
    ended.push_back(Aside([&, i] {
      Queue queue(client_.get(), "q");
      for (int n = 0; n < 20; ++n) {
        const std::string value = std::to_string(i) + "-" + std::to_string(n);
        if (Status status = queue.Enqueue(value); !status.ok()) return status;
      }
      return Status();
    }));
    ended.push_back(Aside([&] {
      Queue queue(client_.get(), "q");
      for (int n = 0; n < 20; ++n) {
        const auto element = queue.Dequeue();
        if (!element.ok()) return element.status();
        const std::lock_guard lock(mutex);
        taken.insert(element->value);
      }
      return Status();
    }));
  }
  for (std::future<Status>& each : ended) EXPECT_TRUE(each.get().ok());
  EXPECT_THAT(taken, SizeIs(60));
  EXPECT_EQ(std::set<std::string>(taken.begin(), taken.end()).size(), 60);
  EXPECT_THAT(Keys(), IsEmpty());
}

class PriorityQueueTest : public QueueTest {
 protected:
  std::string Taken() { return priorities_.TryDequeue().value().value; }

  PriorityQueue priorities_{client_.get(), "p"};
};

TEST_F(PriorityQueueTest, TheSmallestNumberComesFirst) {
  EXPECT_EQ(priorities_.TryDequeue().status(), kEmpty);
  ASSERT_TRUE(priorities_.Enqueue("low", 65535).ok());
  ASSERT_TRUE(priorities_.Enqueue("one", 7).ok());
  ASSERT_TRUE(priorities_.Enqueue("two", 7).ok());
  EXPECT_THAT(Keys(), ElementsAre("__p/00007", "__p/65535", "p/00007/0000000000000000",
                                  "p/00007/0000000000000001", "p/65535/0000000000000000"));
  EXPECT_EQ(Taken(), "one");
  ASSERT_TRUE(priorities_.Enqueue("first", 0).ok());
  EXPECT_EQ(Taken(), "first");
  EXPECT_EQ(Taken(), "two");
  EXPECT_EQ(Taken(), "low");
  EXPECT_EQ(priorities_.TryDequeue().status(), kEmpty);
}

TEST_F(PriorityQueueTest, WhoWaitsTakesWhatComesFirstThen) {
  auto waits = Aside([&] {
    const auto taken = priorities_.Dequeue();
    EXPECT_EQ(taken.value().value, "first");
    return taken.status();
  });
  AwaitWatches(1);
  OnMember([&] {
    // Both are there before anybody can take one.
    kv_.PutOne("p/00002/0000000000000000", "second");
    kv_.PutOne("p/00001/0000000000000000", "first");
  });
  EXPECT_TRUE(waits.get().ok());
  EXPECT_EQ(Taken(), "second");
}

// Another one is put, and taken, after the last number was read.
TEST_F(PriorityQueueTest, ANumberIsNotGivenTwiceToElementsThatAreThereAtTheSameTime) {
  OnMember([&] {
    kv_.before_txn = [this] {
      if (kv_.txns > 2) return;
      kv_.PutOne("__p/00001", "");
      kv_.PutOne("p/00001/000000000000000" + std::to_string(kv_.txns - 1), "other");
    };
  });
  ASSERT_TRUE(priorities_.Enqueue("third", 1).ok());
  OnMember([&] { EXPECT_EQ(kv_.pairs().at("p/00001/0000000000000002").value(), "third"); });
  EXPECT_THAT(Keys(), SizeIs(4));
}

TEST_F(PriorityQueueTest, AKeyThatIsNoElementIsNotCountedOnFrom) {
  OnMember([&] { kv_.PutOne("p/00001/last", ""); });
  const Status refused = priorities_.Enqueue("one", 1);
  EXPECT_EQ(refused,
            Status(Code::kFailedPrecondition, "queue: last key of the priority is no element"));
  EXPECT_THAT(Keys(), SizeIs(1));
}

}  // namespace
}  // namespace etcd
